use crate::bench::{Bench, until};
use crate::wire::{Loss, Wire};
use shared::database::POOL_IDLE_CHECK;
use std::time::Duration;
use testkit::TestDatabase;

const END: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND usename = 'billing'";
const LIVING: &str = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'billing'";

/// Ends the pool's connection while this thread stands still, as an environment does when it is frozen: afterwards
/// the driver still believes in the connection.
fn freeze(database: &TestDatabase) {
    let database = database.clone();
    let frozen = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            assert_eq!(database.value(END).await, "1");
            until(&database, LIVING, "0").await;
        });
    });
    frozen.join().unwrap();
}

#[tokio::test]
async fn a_connection_that_was_ended_while_idle_is_replaced_unasked() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    assert_eq!(bench.database.value(END).await, "1");
    until(&bench.database, LIVING, "0").await;

    bench.add("one").await.unwrap();

    assert_eq!(bench.effects().await, ["one"]);
    assert_ne!(bench.backend().await, backend);
}

#[tokio::test]
async fn a_connection_that_was_ended_in_a_short_freeze_does_not_fail_a_write_without_a_key() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    freeze(&bench.database);

    bench.add("one").await.unwrap();

    assert_eq!(bench.effects().await, ["one"]);
    assert_ne!(bench.backend().await, backend);
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_while_idling_long_is_replaced_before_anything_is_sent() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    let backend = bench.backend().await;
    let round_trips = bench.round_trips.count();
    wire.lose_next(Loss::Silence);
    tokio::time::sleep(POOL_IDLE_CHECK + Duration::from_millis(200)).await;

    bench.add("one").await.unwrap();

    assert_eq!(bench.round_trips.count() - round_trips, 1, "the first connection must not be tried");
    assert_eq!(bench.effects().await, ["one"]);
    assert_ne!(bench.backend().await, backend);
}
