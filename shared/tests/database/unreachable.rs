use crate::endpoints::{add, app, count};
use std::time::Duration;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// A read, a write and a write under a key, with the time that each took.
async fn ask_all(app: &TestApp, tenant: &Tenant) -> Vec<(TestResponse, Duration)> {
    let mut answers = Vec::new();
    for request in [count(tenant), add(tenant, "one", 0), add(tenant, "one", 0).key("key")] {
        let started = Instant::now();
        answers.push((app.send(request).await, started.elapsed()));
    }
    answers
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_unavailable_database_at_once() {
    let (mut app, tenant) = app(1).await;
    app.reconnect("postgresql:///none?host=%2Ftmp%2Fgrafono-no-server&user=billing");

    for (answer, took) in ask_all(&app, &tenant).await {
        assert_eq!(answer.refusal(), (503, "DATABASE_UNAVAILABLE"), "{}", answer.text);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}

#[tokio::test]
async fn a_server_that_accepts_and_stays_silent_is_given_up_by_the_deadline() {
    let (mut app, tenant) = app(1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    app.reconnect(&format!("host=127.0.0.1 port={port} user=billing dbname=none sslmode=disable"));
    app.time = Duration::from_millis(1_500);

    for (answer, took) in ask_all(&app, &tenant).await {
        assert_eq!(answer.refusal(), (504, "DEADLINE_EXCEEDED"), "{}", answer.text);
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
    silent.abort();
}

#[tokio::test]
async fn a_failure_that_knows_how_long_it_lasts_says_so() {
    let (app, _) = app(1).await;
    let resting = app.send(TestRequest::get("/rests")).await;
    assert_eq!(resting.refusal(), (503, "DATABASE_UNAVAILABLE"), "{}", resting.text);
    assert_eq!(resting.header("retry-after"), Some("30"));
}

#[tokio::test]
async fn a_database_that_comes_back_is_used_again_without_a_restart() {
    let (mut app, tenant) = app(1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let name = app.database.name();
    app.reconnect(&format!(
        "host=127.0.0.1 port={} user=billing dbname={name} sslmode=disable",
        address.port()
    ));

    let gone = app.send(add(&tenant, "one", 0)).await;
    let _wire = crate::wire::Wire::at(address, &app.database.url("billing")).await;
    let back = app.send(add(&tenant, "one", 0)).await;

    assert_eq!(gone.refusal(), (503, "DATABASE_UNAVAILABLE"), "{}", gone.text);
    assert_eq!(back.status, 201, "{}", back.text);
    assert_eq!(crate::bench::effects(&app.database).await, ["one"]);
}
