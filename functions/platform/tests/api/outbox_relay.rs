use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use shared::outbox::{Message, Queue, SendError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::{Tenant, TestApp};
use uuid::Uuid;

/// The consumers of the kind that the tests announce.
pub(crate) const CONSUMERS: [&str; 2] = ["export-patient-ledger", "export-patient-record"];

type Verdict = dyn Fn(&str, &Message) -> Result<(), SendError> + Send + Sync;

/// Queues that keep what they were sent and answer as the test wants.
struct Recorder {
    sent: Mutex<Vec<(String, Uuid, Uuid, i64)>>,
    verdict: Box<Verdict>,
    /// How long sending takes.
    takes: Duration,
}

impl Recorder {
    fn new(verdict: impl Fn(&str, &Message) -> Result<(), SendError> + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(Duration::ZERO, verdict)
    }

    fn slow(
        takes: Duration,
        verdict: impl Fn(&str, &Message) -> Result<(), SendError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { sent: Mutex::default(), verdict: Box::new(verdict), takes })
    }

    /// What one consumer's queue has, by stream.
    fn streams(&self, consumer: &str) -> BTreeMap<Uuid, Vec<i64>> {
        let mut streams: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for (_, _, stream, seq) in self.sent.lock().unwrap().iter().filter(|(of, ..)| of == consumer) {
            streams.entry(*stream).or_default().push(*seq);
        }
        streams
    }

    fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Queue for Recorder {
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            let mut stopped = Vec::new();
            let mut outcomes = Vec::new();
            for message in batch {
                let event = &message.event;
                let outcome = if stopped.contains(&event.aggregate_id) {
                    Err(SendError::Held)
                } else {
                    (self.verdict)(consumer, message)
                };
                match &outcome {
                    Ok(()) => self.sent.lock().unwrap().push((
                        consumer.to_owned(),
                        event.id,
                        event.aggregate_id,
                        event.seq,
                    )),
                    Err(_) => stopped.push(event.aggregate_id),
                }
                outcomes.push(outcome);
            }
            outcomes
        })
    }
}

/// Announces so many events in each of so many streams; a stream's events carry its number in `ids`.
pub(crate) async fn announce(app: &TestApp, tenant: &Tenant, streams: u32, each: u32) {
    let sql = format!(
        "INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'patients', 'job', stream, seq, 'patient.export_requested', '{{}}', '', now(), now()
           FROM (SELECT uuidv7() AS stream FROM generate_series(1, {streams})) AS streams,
                generate_series(1, {each}) AS seq",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
}

pub(crate) async fn scene() -> (Arc<TestApp>, Tenant) {
    let app = super::app().await;
    let tenant = app.tenant().await;
    (Arc::new(app), tenant)
}

pub(crate) async fn count(app: &TestApp, of: &str) -> u32 {
    app.database.value(&format!("SELECT count(*) FROM kernel.{of}")).await.parse().unwrap()
}

#[tokio::test]
async fn every_event_reaches_every_consumer_that_hears_it_once_and_in_order() {
    let (app, tenant) = scene().await;
    announce(&app, &tenant, 30, 25).await;
    let queue = Recorder::new(|_, _| Ok(()));

    let done = app.work("outbox-relay", Some(queue.clone())).await.unwrap();

    assert_eq!(done, 750);
    for consumer in CONSUMERS {
        let streams = queue.streams(consumer);
        assert_eq!(streams.len(), 30);
        assert!(streams.values().all(|seqs| *seqs == (1..=25).collect::<Vec<_>>()), "{streams:?}");
    }
    assert_eq!(count(&app, "outbox WHERE sent_at IS NULL").await, 0);
    assert_eq!(app.work("outbox-relay", Some(queue)).await.unwrap(), 0, "nothing is sent twice");
}

#[tokio::test]
async fn what_nobody_hears_is_done_with() {
    let (app, tenant) = scene().await;
    announce(&app, &tenant, 1, 1).await;
    app.database.run("UPDATE kernel.outbox SET kind = 'something.nobody_hears'").await;
    let queue = Recorder::new(|_, _| Ok(()));
    app.work("outbox-relay", Some(queue.clone())).await.unwrap();
    assert_eq!((queue.count(), count(&app, "outbox WHERE sent_at IS NULL").await), (0, 0));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn two_relays_at_once_send_everything_once_and_in_order() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 40, 30).await;
        // Slow enough that each finds rows that the other has on lease.
        let queue = Recorder::slow(Duration::from_millis(15), |_, _| Ok(()));

        let relay = || app.work("outbox-relay", Some(queue.clone()));
        let (one, other) = tokio::join!(relay(), relay());

        assert_eq!(one.unwrap() + other.unwrap(), 1200);
        for consumer in CONSUMERS {
            let streams = queue.streams(consumer);
            assert!(streams.values().all(|seqs| *seqs == (1..=30).collect::<Vec<_>>()), "{streams:?}");
        }
    }

    #[tokio::test]
    async fn what_comes_while_a_stream_is_on_lease_waits_for_its_turn() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 1, 1).await;
        let hanging = Recorder::slow(Duration::from_hours(1), |_, _| Ok(()));
        let first = tokio::spawn({
            let (app, hanging) = (Arc::clone(&app), hanging.clone());
            async move { app.work("outbox-relay", Some(hanging)).await }
        });
        while count(&app, "outbox WHERE available_at IS NOT NULL").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let later = "INSERT INTO kernel.outbox
                            (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
                     SELECT uuidv7(), clinic_id, module, aggregate, aggregate_id, 2, kind, ids, traceparent, now(), now()
                       FROM kernel.outbox";
        app.database.run(later).await;

        let other = Recorder::new(|_, _| Ok(()));
        assert_eq!(app.work("outbox-relay", Some(other.clone())).await.unwrap(), 0);
        assert_eq!(other.count(), 0, "the second event overtook the first");

        // The first relay is gone, and its lease runs out.
        first.abort();
        app.clock.advance(SignedDuration::from_secs(31));
        assert_eq!(app.work("outbox-relay", Some(other.clone())).await.unwrap(), 2);
        assert!(other.streams(CONSUMERS[0]).values().all(|seqs| *seqs == [1, 2]));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_queue_that_is_down_costs_no_attempt_and_is_caught_up_with() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 3, 4).await;
        let down = Recorder::new(|consumer, _| match consumer {
            "export-patient-record" => Err(SendError::Unreachable),
            _ => Ok(()),
        });
        for _ in 0..7 {
            let stopped = app.work("outbox-relay", Some(down.clone())).await.unwrap_err();
            assert_eq!(stopped.private.as_deref(), Some("a queue does not answer"));
        }
        assert_eq!(count(&app, "outbox WHERE sent_at IS NOT NULL OR attempts > 0").await, 0);
        assert_eq!(count(&app, "dead_letters").await, 0);

        let back = Recorder::new(|_, _| Ok(()));
        app.work("outbox-relay", Some(back.clone())).await.unwrap();
        assert!(back.streams("export-patient-record").values().all(|seqs| *seqs == [1, 2, 3, 4]));
        assert_eq!(count(&app, "outbox WHERE sent_at IS NULL").await, 0);
    }

    #[tokio::test]
    async fn the_relays_role_reads_no_table_but_its_own() {
        let (app, _) = scene().await;
        for table in
            ["identity.clinics", "patients.patients", "billing.transfers", "kernel.audit_log", "kernel.jobs"]
        {
            let refused = app.database.run_as("relay", &format!("SELECT count(*) FROM {table}")).await;
            assert_eq!(refused.unwrap_err(), "42501", "{table}");
        }
        let forged = "UPDATE kernel.outbox SET kind = 'forged'";
        assert_eq!(app.database.run_as("relay", forged).await.unwrap_err(), "42501");
    }
}

mod boundary {
    use super::*;

    /// Refuses one stream's event of that number at one consumer.
    fn poisoned(stream: Uuid, seq: i64) -> Arc<Recorder> {
        Recorder::new(move |consumer, message| {
            let is_poison = (message.event.aggregate_id, message.event.seq) == (stream, seq);
            match consumer {
                "export-patient-ledger" if is_poison => Err(SendError::Refused("it chokes".to_owned())),
                _ => Ok(()),
            }
        })
    }

    /// Works until every attempt has been made: each refusal has the row tried again later.
    async fn work_for_minutes(app: &TestApp, queue: &Arc<Recorder>) {
        for _ in 0..8 {
            app.work("outbox-relay", Some(queue.clone())).await.unwrap();
            app.clock.advance(SignedDuration::from_secs(60));
        }
    }

    #[tokio::test]
    async fn the_fifth_refusal_makes_a_dead_letter_and_the_stream_goes_on() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 1, 3).await;
        let stream = app.events().await[0].aggregate_id;
        let queue = poisoned(stream, 2);

        for attempt in 1..=5 {
            assert_eq!(count(&app, "dead_letters").await, 0, "before attempt {attempt}");
            app.work("outbox-relay", Some(queue.clone())).await.unwrap();
            app.clock.advance(SignedDuration::from_secs(60));
        }
        app.work("outbox-relay", Some(queue.clone())).await.unwrap();

        let dead = app.database.rows("SELECT consumer, seq, reason FROM kernel.dead_letters").await;
        assert_eq!(dead, [["export-patient-ledger", "2", "it chokes"]]);
        assert_eq!(queue.streams("export-patient-ledger")[&stream], [1, 3]);
        assert_eq!(count(&app, "outbox WHERE sent_at IS NULL").await, 0);
    }

    #[tokio::test]
    async fn the_pause_before_the_next_attempt_grows_and_is_never_the_same_for_two() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 40, 1).await;
        let refusing = Recorder::new(|_, _| Err(SendError::Refused("not now".to_owned())));
        for (attempt, longest) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            app.work("outbox-relay", Some(refusing.clone())).await.unwrap();
            let now = shared::clock::Clock::now(&*app.clock);
            let pauses = format!(
                "SELECT count(DISTINCT available_at) > 30, min(available_at - '{now}') >= interval '1 second' * {longest} / 2,
                        max(available_at - '{now}') <= interval '1 second' * {longest}
                   FROM kernel.outbox"
            );
            assert_eq!(app.database.rows(&pauses).await, [["t", "t", "t"]], "attempt {attempt}");
            app.clock.advance(SignedDuration::from_secs(60));
        }
    }

    #[tokio::test]
    async fn ten_thousand_rows_with_a_poisoned_one_all_arrive_but_that_one() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 1_000, 10).await;
        let stream = app.events().await[4_321].aggregate_id;
        let queue = poisoned(stream, 5);

        work_for_minutes(&app, &queue).await;

        let mut expected: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for event in app.events().await {
            expected.entry(event.aggregate_id).or_default().push(event.seq);
        }
        // Whoever takes it has it again with every attempt of the other: its inbox knows it.
        let mut taken = queue.streams("export-patient-record");
        let mut seen = BTreeSet::new();
        taken.get_mut(&stream).unwrap().retain(|seq| seen.insert(*seq));
        assert!(taken == expected, "{:?}", taken[&stream]);
        expected.get_mut(&stream).unwrap().retain(|seq| *seq != 5);
        let taken = queue.streams("export-patient-ledger");
        assert!(taken == expected, "{:?}", taken[&stream]);
        assert_eq!(count(&app, "dead_letters").await, 1);
        assert_eq!(count(&app, "outbox WHERE sent_at IS NULL").await, 0);
    }

    #[tokio::test]
    async fn a_dead_letter_is_sent_again_when_somebody_wants_it_and_only_to_its_consumer() {
        let (app, tenant) = scene().await;
        announce(&app, &tenant, 1, 1).await;
        let stream = app.events().await[0].aggregate_id;
        work_for_minutes(&app, &poisoned(stream, 1)).await;
        assert_eq!(count(&app, "dead_letters WHERE replay_at IS NULL").await, 1);
        let want = "UPDATE kernel.dead_letters SET replay_at = created_at";

        // It chokes on it again: it stays one.
        app.database.run(want).await;
        app.work("outbox-relay", Some(poisoned(stream, 1))).await.unwrap();
        assert_eq!(count(&app, "dead_letters WHERE replay_at IS NULL AND replays = 1").await, 1);

        // It is mended: it takes it, and nobody else hears of it.
        app.database.run(want).await;
        let mended = Recorder::new(|_, _| Ok(()));
        app.work("outbox-relay", Some(mended.clone())).await.unwrap();
        assert_eq!(count(&app, "dead_letters").await, 0);
        assert_eq!((mended.count(), mended.streams("export-patient-ledger").len()), (1, 1));
    }
}
