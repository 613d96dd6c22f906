use crate::bench::{Bench, PLENTY, commit, until};
use crate::sql;
use std::time::Duration;
use tokio::time::Instant;

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

/// Nothing of the module runs any more, within a second or so of the seconds that its own statements take.
async fn ends_soon(bench: &Bench) {
    let started = Instant::now();
    until(&bench.database, LEFT_BEHIND, "0").await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_runs_for_a_caller_who_is_gone_is_cancelled_at_the_server() {
    let bench = Bench::new().await;
    bench.backend().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(sql::sleep(60_000));

    let dropped = tokio::time::timeout(Duration::from_millis(500), commit(tx)).await;

    assert!(dropped.is_err(), "it should have been under way");
    ends_soon(&bench).await;
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn what_runs_past_the_deadline_is_cancelled_at_the_server_though_its_own_limits_are_gone() {
    let bench = Bench::new().await;
    bench.backend().await;
    let mut tx = bench.writing(Duration::from_secs(1));
    tx.add(sql::no_limits());
    tx.add(sql::sleep(60_000));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "OUTCOME_UNKNOWN");
    ends_soon(&bench).await;
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
