//! A service of AWS that fails is left alone after a while; one that refuses has answered (E6).

use shared::external::SecretsManager;
use shared::outbox::RelayNudge;
use shared::settings::SecretError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::{aws_variable, open_part};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A service that answers every request so; its address, and how many there were.
async fn service(status: &'static str, body: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, count) = (Arc::new(AtomicU32::new(0)), body.len());
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(16 * 1024)).await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let reply =
                format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {count}\r\n\r\n{body}");
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_store_that_fails_is_asked_five_times_and_then_left_alone() {
    let (address, asked) = service("503 Service Unavailable", "").await;
    let store = SecretsManager::open(&|key| aws_variable(key, &address)).unwrap();
    for _ in 0..6 {
        assert!(store.fetch("arn").await.is_err());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    assert_eq!(store.fetch("arn").await.unwrap_err(), SecretError::NoAnswer);
}

#[tokio::test]
async fn a_refusal_is_not_repeated_and_closes_nothing() {
    let (address, asked) = service("400 Bad Request", r#"{"__type":"AccessDeniedException"}"#).await;
    let store = SecretsManager::open(&|key| aws_variable(key, &address)).unwrap();
    for _ in 0..8 {
        let refused = store.fetch("arn").await.unwrap_err();
        assert_eq!(refused, SecretError::Refused("AccessDeniedException".to_owned()));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn what_may_pass_is_asked_once_more() {
    for (status, body, code) in [
        ("400 Bad Request", r#"{"__type":"ThrottlingException"}"#, "ThrottlingException"),
        ("500 Internal Server Error", r#"{"__type":"InternalServiceError"}"#, "InternalServiceError"),
        ("502 Bad Gateway", "<html>", "status 502"),
        ("403 Forbidden", "", "status 403"),
    ] {
        let (address, asked) = service(status, body).await;
        let store = SecretsManager::open(&|key| aws_variable(key, &address)).unwrap();
        assert_eq!(store.fetch("arn").await.unwrap_err(), SecretError::Refused(code.to_owned()));
        assert_eq!(asked.load(Ordering::SeqCst), 2, "{status}");
    }
}

#[tokio::test]
async fn a_nudge_that_keeps_failing_is_not_sent_for_a_while() {
    let (address, asked) = service("500 Internal Server Error", "").await;
    let queue = format!("{address}/queue");
    let variables = [("NUDGE_QUEUE_URL", queue.as_str()), ("AWS_ENDPOINT_URL_SQS", &address)];
    let keys = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let aws = keys.map(|key| (key, aws_variable(key, &address).unwrap()));
    let aws = aws.iter().map(|(key, value)| (*key, value.as_str()));
    let nudge = open_part::<RelayNudge>(&variables.into_iter().chain(aws).collect::<Vec<_>>()).unwrap();
    for _ in 0..6 {
        nudge.nudge().await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 5);
}
