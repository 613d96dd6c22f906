//! A built consumer under the Runtime API, handed batches as its queue does: what fails is named, and what is behind it.

use super::export_patient::{events, export};
use super::{address_of_new, app};
use shared::clock::{Clock as _, SystemClock};
use shared::outbox::Event;
use testkit::lambda::{FAR_AWAY, batch, failures, record, takes_what_its_queue_hands_over};
use testkit::{TestApp, World, assert_none_in};
use tokio_postgres::NoTls;

const CONSUMER: &str = "export-patient-record";

/// A test app with so many exports queued, and their events.
async fn queued(count: usize) -> (World, Vec<Event>) {
    let (app, tenant) = app().await;
    let patient = address_of_new(&app, &tenant, "Canary Patient").await;
    for _ in 0..count {
        assert_eq!(export(&app, &tenant, &patient).await.status, 202);
    }
    let events = events(&app).await;
    (World::empty(app, tenant), events)
}

/// An event of the same stream that comes after it.
async fn successor(app: &TestApp, of: &Event) -> Event {
    let sql = format!(
        "INSERT INTO kernel.outbox
                (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), clinic_id, module, aggregate, aggregate_id, 2, kind,
                ids || jsonb_build_object('jobId', uuidv7()), traceparent, now(), now()
           FROM kernel.outbox
          WHERE id = '{}'",
        of.id
    );
    app.database.run(&sql).await;
    let same = |event: &Event| event.stream() == of.stream() && event.seq == 2;
    events(app).await.into_iter().find(same).unwrap()
}

fn body(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

async fn taken(world: &World) -> String {
    world.app.database.value("SELECT count(*) FROM kernel.inbox").await
}

/// How often the function has tried an event: one line each.
fn tries(log: &str) -> usize {
    log.matches("\"event\":\"consumed\"").count()
}

#[tokio::test]
async fn every_built_consumer_takes_its_sample_and_names_what_it_cannot_take() {
    let (world, _) = queued(0).await;
    takes_what_its_queue_hands_over(&world, &[]).await;
}

#[tokio::test]
async fn after_a_failure_the_rest_of_its_group_is_named_untried_and_other_groups_go_on() {
    let (world, events) = queued(3).await;
    let [one, two, three] = &events[..] else { unreachable!("three exports") };
    let early = successor(&world.app, one).await;
    let function = world.start_consumer(CONSUMER, &[]).await;

    let mixed = batch(&[
        record("early", "one", &body(&early), 1),
        record("unreadable", "two", "canary, and no JSON", 1),
        record("first", "one", &body(one), 1),
        record("three", "three", &body(three), 1),
        record("two", "two", &body(two), 1),
    ]);
    let named = failures(function.invoke(&mixed, FAR_AWAY).await);
    assert_eq!(named, ["early", "unreadable", "first", "two"]);
    let noted = world.app.database.rows("SELECT event_id FROM kernel.inbox").await;
    assert_eq!(noted, [[three.id.to_string()]]);

    // They come again, in their order.
    let again = batch(&[
        record("first", "one", &body(one), 2),
        record("early", "one", &body(&early), 2),
        record("two", "two", &body(two), 2),
    ]);
    assert_eq!(failures(function.invoke(&again, FAR_AWAY).await), Vec::<String>::new());
    assert_eq!(taken(&world).await, "4");
    function.terminate();
    let (status, log) = function.ended().await;
    assert!(status.success(), "{status}: {log}");
    assert_none_in("the consumer's log", &log);
    assert_eq!(tries(&log), 6, "three of the first batch, three of the second: {log}");
    assert!(log.contains("an earlier event was not taken yet"), "{log}");
}

#[tokio::test]
async fn what_there_is_no_time_for_is_handed_back_untouched() {
    let (world, events) = queued(8).await;
    let function = world.start_consumer(CONSUMER, &[]).await;
    // Somebody holds all the jobs, so that the first ones take all the time there is.
    let url = world.app.database.url("postgres");
    let (holder, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; SELECT 1 FROM kernel.jobs FOR UPDATE").await.unwrap();
    let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    let records: Vec<_> =
        events.iter().zip(&ids).map(|(event, id)| record(id, id, &body(event), 1)).collect();

    let deadline = SystemClock.now().as_millisecond() + 4_000;
    let outcome = function.invoke(&batch(&records), u64::try_from(deadline).unwrap()).await;

    assert_eq!(failures(outcome), ids);
    assert_eq!(taken(&world).await, "0");
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(failures(function.invoke(&batch(&records), FAR_AWAY).await), Vec::<String>::new());
    assert_eq!(taken(&world).await, "8");
    function.terminate();
    let (_, log) = function.ended().await;
    let tried = |id: &String| log.lines().filter(|line| line.contains(id)).count();
    assert_eq!((tried(&ids[0]), tried(&ids[7])), (2, 1), "the last one was not begun at first: {log}");
}

#[tokio::test]
async fn at_the_last_receive_the_job_has_failed_and_not_before() {
    let (world, events) = queued(1).await;
    let function = world.start_consumer(CONSUMER, &[]).await;
    let database = &world.app.database;
    database.run("ALTER TABLE kernel.job_parts ADD CONSTRAINT no_room CHECK (false)").await;
    for (receives, state) in [(1, "queued"), (4, "queued"), (5, "failed")] {
        let event = batch(&[record("only", "one", &body(&events[0]), receives)]);
        assert_eq!(failures(function.invoke(&event, FAR_AWAY).await), ["only"], "{receives}");
        assert_eq!(database.value("SELECT state FROM kernel.jobs").await, state, "{receives}");
    }
    assert_eq!(database.value("SELECT failure FROM kernel.jobs").await, "EXPORT_FAILED");
}

#[tokio::test]
async fn what_is_handed_back_untried_at_its_last_receive_has_failed_as_well() {
    let (world, events) = queued(3).await;
    let [one, two, three] = &events[..] else { unreachable!("three exports") };
    let early = successor(&world.app, one).await;
    let function = world.start_consumer(CONSUMER, &[]).await;
    let event = batch(&[
        record("early", "one", &body(&early), 5),
        record("behind, with receives left", "one", &body(two), 4),
        record("behind", "one", &body(three), 5),
    ]);
    assert_eq!(
        failures(function.invoke(&event, FAR_AWAY).await),
        ["early", "behind, with receives left", "behind"]
    );
    let state = async |event: &Event| {
        let job = event.ids["jobId"];
        world.app.database.value(&format!("SELECT state FROM kernel.jobs WHERE id = '{job}'")).await
    };
    assert_eq!((&*state(two).await, &*state(three).await), ("queued", "failed"));
    assert_eq!(taken(&world).await, "0", "giving up takes nothing");
}
