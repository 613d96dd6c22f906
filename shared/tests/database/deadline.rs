use crate::bench::{Bench, PLENTY, commit, effects, until};
use crate::endpoints::{add, app, count};
use crate::sql;
use std::time::Duration;
use testkit::TestRequest;
use tokio::time::Instant;

/// Nothing of the module is at work or waiting inside a transaction.
const AT_WORK: &str = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND usename = 'billing' AND state <> 'idle'";

#[tokio::test]
async fn a_statement_slower_than_the_time_left_is_a_504_and_nothing_is_committed() {
    let (mut app, tenant) = app(1).await;
    let plenty = app.time;
    app.time = Duration::from_millis(1_500);
    let started = Instant::now();

    let slow = app.send(add(&tenant, "slow", 60_000)).await;

    assert_eq!(slow.refusal(), (504, "DEADLINE_EXCEEDED"), "{}", slow.text);
    assert_eq!(slow.header("retry-after"), Some("1"));
    assert!(started.elapsed() < Duration::from_secs(5));
    until(&app.database, AT_WORK, "0").await;
    assert!(effects(&app.database).await.is_empty());
    app.time = plenty;
    assert_eq!(app.send(add(&tenant, "next", 0)).await.status, 201);
    assert_eq!(app.send(count(&tenant)).await.data(), 1);
}

#[tokio::test]
async fn a_statement_over_its_limit_leaves_the_connection_usable() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    let mut tx = bench.writing(Duration::from_millis(1_500));
    tx.add(sql::insert("one"));
    tx.add(sql::sleep(60_000));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "DEADLINE_EXCEEDED");
    assert!(fault.private.unwrap().contains("57014"));
    assert_eq!(bench.backend().await, backend);
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn statements_that_are_over_the_limit_together_lose_the_connection_and_commit_nothing() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    let mut tx = bench.writing(Duration::from_secs(3));
    tx.add(sql::insert("one"));
    tx.add(sql::sleep(1_500));
    tx.add(sql::sleep(1_500));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "DEADLINE_EXCEEDED");
    assert!(fault.private.unwrap().contains("25P04"));
    assert_ne!(bench.backend().await, backend, "the session is gone and was replaced");
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn with_too_little_time_nothing_is_sent() {
    let bench = Bench::new().await;
    bench.backend().await;
    let round_trips = bench.round_trips.count();
    let mut tx = bench.writing(Duration::from_millis(390));
    tx.add(sql::insert("one"));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "DEADLINE_EXCEEDED");
    assert_eq!(bench.round_trips.count(), round_trips);
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn a_pool_in_use_until_the_deadline_is_a_busy_database() {
    let bench = Bench::new().await;
    bench.backend().await;
    let mut holder = bench.writing(PLENTY);
    holder.add(sql::insert("held"));
    holder.add(sql::sleep(2_500));
    let mut waiting = bench.writing(Duration::from_millis(1_500));
    waiting.add(sql::insert("waiting"));

    let (held, fault) = tokio::join!(biased; commit(holder), commit(waiting));

    held.unwrap();
    assert_eq!(fault.unwrap_err().problem.code, "DATABASE_BUSY");
    assert_eq!(bench.effects().await, ["held"]);
}

#[tokio::test]
async fn a_handler_that_sleeps_past_the_deadline_is_a_504() {
    let (mut app, _) = app(1).await;
    app.time = Duration::from_millis(500);
    let started = Instant::now();

    let answer = app.send(TestRequest::get("/dawdles")).await;

    assert_eq!(answer.refusal(), (504, "DEADLINE_EXCEEDED"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(started.elapsed() < Duration::from_secs(5));
}
