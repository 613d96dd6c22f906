//! The built relay, killed anywhere on its way.

use super::outbox_relay::{CONSUMERS, announce, count, scene};
use super::sqs::streams;
use jiff::SignedDuration;
use shared::clock::{Clock as _, SystemClock};
use testkit::killing::Wire;
use testkit::lambda::{Environment, Outcome, program};
use testkit::{Queues, Tenant, TestApp};

/// Longer than a relay keeps a lease: what it had taken is taken by the next one.
const AFTER_ITS_LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Announces events, starts the relay over this wire, and kills it. Its outcome, if it came so far.
async fn killed(app: &TestApp, tenant: &Tenant, queues: &Queues, wire: &Wire) -> Option<Outcome> {
    announce(app, tenant, 2, 3).await;
    let url = wire.database_url("relay");
    let variables = [&[("DATABASE_URL", url.as_str())], &queues.variables()[..]].concat();
    let relay = Environment::start(&program("outbox-relay"), &variables).await;
    let clock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/outbox-relay.json");
    wire.kill(relay, &std::fs::read_to_string(clock).unwrap()).await
}

#[tokio::test]
async fn every_event_is_in_every_queue_once_and_in_order_wherever_the_relay_is_killed() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&CONSUMERS).await;
    let wire = Wire::listening(&app).await;
    let done = killed(&app, &tenant, &queues, &wire).await;
    assert_eq!(done, Some(Outcome::Response(r#"{"done":6}"#.to_owned())), "nobody was killed");
    let points = wire.recorded().points();
    assert!(points.len() > 10, "{points:?}");
    let (places, mut ended_first) = (points.len(), 0);
    for point in std::iter::once(None).chain(points.into_iter().map(Some)) {
        if let Some(point) = point {
            let wire = Wire::stopping(&app, point).await;
            killed(&app, &tenant, &queues, &wire).await;
            ended_first += usize::from(!wire.is_stopped());
        }
        let later = SystemClock.now() + AFTER_ITS_LEASE;
        app.clock.advance(later.duration_since(app.clock.now()));
        app.work("outbox-relay", Some(queues.open())).await.unwrap();

        assert_eq!(count(&app, "outbox WHERE sent_at IS NULL").await, 0, "{point:?}");
        assert_eq!(count(&app, "dead_letters").await, 0, "{point:?}");
        for consumer in CONSUMERS {
            let streams = streams(&queues, consumer).await;
            let is_whole = streams.len() == 2 && streams.values().all(|seqs| *seqs == [1, 2, 3]);
            assert!(is_whole, "{consumer}, killed at {point:?}: {streams:?}");
        }
    }
    // A connection that has waited is tried before it is used, which is a few messages more.
    assert!(ended_first * 5 <= places, "of {places} places {ended_first} were not reached");
}
