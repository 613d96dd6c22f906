use crate::bench::{Bench, PLENTY, commit, until};
use crate::sql;
use std::time::Duration;

const LEFT_BEHIND: &str = "SELECT count(*) FROM pg_stat_activity
                            WHERE datname = current_database() AND usename = 'billing'
                              AND (state LIKE 'idle in transaction%' OR state = 'active')";

#[tokio::test]
async fn a_transaction_dropped_in_flight_takes_its_connection_along_and_ends_whole() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(sql::sleep(1_500));
    tx.add(sql::insert("behind"));

    let dropped = tokio::time::timeout(Duration::from_millis(500), commit(tx)).await;
    let next = bench.backend().await;

    assert!(dropped.is_err(), "it should have been under way");
    assert_ne!(next, backend, "what was sent on it may still be running");
    until(&bench.database, LEFT_BEHIND, "0").await;
    let effects = bench.effects().await;
    assert!(effects.is_empty() || effects == ["before", "behind"], "{effects:?}");
}

#[tokio::test]
async fn a_transaction_never_committed_sends_nothing() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    let round_trips = bench.round_trips.count();

    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("never"));
    drop(tx);

    assert_eq!(bench.round_trips.count(), round_trips);
    assert_eq!(bench.backend().await, backend);
    assert!(bench.effects().await.is_empty());
}
