use crate::bench::{Bench, PLENTY, commit, effects, session, until};
use crate::endpoints::{add, app};
use crate::sql;
use shared::database::Tx;
use std::sync::Arc;
use tokio_postgres::Client;

/// Somebody else in the middle of changing the word.
async fn holding(bench: &Bench, word: &str) -> Client {
    let other = session(&bench.database.url("postgres")).await;
    let sql = format!("BEGIN; UPDATE public.effects SET word = word WHERE word = '{word}'");
    other.batch_execute(&sql).await.unwrap();
    other
}

fn touching<'a>(bench: &'a Bench, word: &str) -> Tx<'a> {
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("other"));
    tx.add(sql::touch(word));
    tx
}

#[tokio::test]
async fn a_row_that_somebody_else_holds_is_a_busy_database_and_the_connection_serves_on() {
    let bench = Bench::new().await;
    bench.add("held").await.unwrap();
    let backend = bench.backend().await;
    let other = holding(&bench, "held").await;

    let fault = commit(touching(&bench, "held")).await.unwrap_err();
    let while_held = bench.effects().await;
    other.batch_execute("COMMIT").await.unwrap();
    commit(touching(&bench, "held")).await.unwrap();

    assert_eq!((fault.problem.status, fault.problem.code), (503, "DATABASE_BUSY"));
    assert!(fault.private.unwrap().contains("test.touch failed with 55P03"));
    assert_eq!(while_held, ["held"]);
    assert_eq!(bench.effects().await, ["held", "other"]);
    assert_eq!(bench.backend().await, backend);
}

#[tokio::test]
async fn a_table_that_somebody_else_holds_is_a_503_with_retry_after() {
    let (app, tenant) = app(1).await;
    let other = session(&app.database.url("postgres")).await;
    let lock = "BEGIN; LOCK TABLE public.effects IN EXCLUSIVE MODE";
    other.batch_execute(lock).await.unwrap();

    let answer = app.send(add(&tenant, "one", 0).key("key")).await;
    other.batch_execute("COMMIT").await.unwrap();
    let again = app.send(add(&tenant, "one", 0).key("key")).await;

    assert_eq!(answer.refusal(), (503, "DATABASE_BUSY"), "{}", answer.text);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, None), "{}", again.text);
    assert_eq!(effects(&app.database).await, ["one"]);
}

#[tokio::test]
async fn a_key_whose_first_request_is_in_flight_is_a_409_and_then_its_replay() {
    let (app, tenant) = app(4).await;
    let app = Arc::new(app);
    let first = tokio::spawn({
        let (app, request) = (Arc::clone(&app), add(&tenant, "one", 4_000).key("key"));
        async move { app.send(request).await }
    });
    let claimed = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'";
    until(&app.database, claimed, "1").await;

    let twin = app.send(add(&tenant, "one", 4_000).key("key")).await;
    let first = first.await.unwrap();
    let replay = app.send(add(&tenant, "one", 4_000).key("key")).await;

    assert_eq!(twin.refusal(), (409, "IDEMPOTENCY_KEY_IN_FLIGHT"), "{}", twin.text);
    assert_eq!(twin.header("retry-after"), Some("1"));
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!((replay.status, &replay.text), (201, &first.text));
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
    assert_eq!(effects(&app.database).await, ["one"]);
}

#[tokio::test]
async fn a_twin_that_ends_in_time_is_waited_for_and_replayed() {
    let (app, tenant) = app(4).await;
    let app = Arc::new(app);
    let requests = (0..4).map(|_| add(&tenant, "one", 300).key("key")).collect();

    let answers = app.send_at_once(requests).await;

    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(fresh.count(), 1);
    for answer in &answers {
        assert_eq!((answer.status, answer.data()), (201, answers[0].data()), "{}", answer.text);
    }
    assert_eq!(effects(&app.database).await, ["one"]);
}

#[tokio::test]
async fn writers_that_wait_leave_connections_to_readers_and_to_the_writers_of_other_clinics() {
    let (app, tenant) = app(8).await;
    let other = app.tenant().await;
    let app = Arc::new(app);
    let waiting: Vec<_> = (0..8).map(|number| add(&tenant, &format!("slow {number}"), 2000)).collect();
    let slow = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.send_at_once(waiting).await }
    });
    // Until as many wait as may.
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    until(&app.database, waits, "4").await;

    let read = app.send(testkit::TestRequest::get("/words").token(other.owner())).await;
    let written = app.send(add(&other, "quick", 0)).await;

    assert_eq!((read.status, written.status), (200, 201), "{}", written.text);
    assert_eq!(effects(&app.database).await, ["quick"], "before any of those that wait");
    assert!(slow.await.unwrap().iter().all(|answer| answer.status == 201));
}
