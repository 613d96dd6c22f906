use crate::parts::{Answers, call, reaching};
use bytes::Bytes;
use http::{Request, StatusCode};
use shared::external::connect::{NetworkScope, Unreachable};
use shared::external::{CallError, ExternalCalls, HttpError, HttpReply};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers each request with this; with an empty text, never. How many connections it had.
async fn server(answer: String) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            if answer.is_empty() {
                silent.push(client);
                continue;
            }
            let _ = client.read(&mut vec![0; 64 * 1024]).await;
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    (address, connections)
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    // The server closes each connection, and says so: else the client may take it for the next call.
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn local() -> Arc<ExternalCalls> {
    reaching(NetworkScope::PublicOrLoopback, Answers::none())
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

async fn send(external: &ExternalCalls, url: &str) -> Result<HttpReply, CallError<HttpError>> {
    external.call(call(), || external.http_to_others().send(get(url), 1_000)).await
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_a_server_error_a_failure() {
    let (refusing, _) = server(reply("404 Not Found", "", "no")).await;
    let external = local();
    for _ in 0..6 {
        let answer = send(&external, &format!("http://{refusing}/")).await.unwrap();
        assert_eq!((answer.status, &*answer.body), (StatusCode::NOT_FOUND, &b"no"[..]));
    }
    let (broken, _) = server(reply("503 Service Unavailable", "", "")).await;
    for _ in 0..5 {
        assert!(send(&external, &format!("http://{broken}/")).await.unwrap().status.is_server_error());
    }
    assert!(matches!(send(&external, &format!("http://{broken}/")).await, Err(CallError::BreakerOpen(_))));
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let (hanging, connections) = server(String::new()).await;
    let external = local();
    let mut call = call();
    call.timeout = Duration::from_millis(200);
    let url = format!("http://{hanging}/");
    let ended = external.call(call, || external.http_to_others().send(get(&url), 1_000)).await;
    assert_eq!(ended.unwrap_err(), CallError::TimedOut);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, connections) = server(reply("200 OK", "", "")).await;
    let (redirecting, _) =
        server(reply("307 Temporary Redirect", &format!("location: http://{elsewhere}/\r\n"), "")).await;
    let answer = send(&local(), &format!("http://{redirecting}/")).await.unwrap();
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_reply_longer_than_asked_for_is_not_read_to_its_end() {
    let (talkative, _) = server(reply("200 OK", "", &"a".repeat(1_001))).await;
    let external = local();
    let url = format!("http://{talkative}/");
    assert_eq!(send(&external, &url).await.unwrap_err(), CallError::Failed(HttpError::TooLong));
    assert_eq!(external.http_to_others().status(get(&url)).await, Ok(StatusCode::OK));
}

#[tokio::test]
async fn somebody_elses_address_on_this_machine_is_not_connected_to() {
    let (inside, connections) = server(reply("200 OK", "", "")).await;
    let port = inside.port();
    let hosts = ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost", "a.example"];
    for host in hosts {
        let external = reaching(NetworkScope::Public, Answers::of(&[&["127.0.0.1"]]));
        let url = format!("http://{host}:{port}/");
        assert_eq!(
            send(&external, &url).await.unwrap_err(),
            CallError::Failed(HttpError::NotReached),
            "{host}"
        );
        assert_eq!(external.look_up(host).await, Err(Unreachable::NotAllowed), "{host}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn one_bad_address_among_good_ones_is_enough_to_refuse_a_name() {
    let external = reaching(NetworkScope::Public, Answers::of(&[&["8.8.8.8", "169.254.169.254"]]));
    assert_eq!(external.look_up("a.example").await, Err(Unreachable::NotAllowed));
    let external = reaching(NetworkScope::Public, Answers::none());
    assert_eq!(external.look_up("a.example").await, Err(Unreachable::NoAddress));
}

#[tokio::test]
async fn a_name_that_means_another_address_when_called_is_checked_again() {
    let (inside, connections) = server(reply("200 OK", "", "")).await;
    let external = reaching(NetworkScope::Public, Answers::of(&[&["8.8.8.8"], &["127.0.0.1"]]));
    assert!(external.look_up("a.example").await.is_ok());
    let url = format!("http://a.example:{}/", inside.port());
    assert_eq!(send(&external, &url).await.unwrap_err(), CallError::Failed(HttpError::NotReached));
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let (inside, connections) = server(reply("200 OK", "", "")).await;
    // A second look-up would lead nowhere.
    let external = reaching(NetworkScope::PublicOrLoopback, Answers::of(&[&["127.0.0.1"], &["192.0.2.1"]]));
    let answer = send(&external, &format!("http://a.example:{}/", inside.port())).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
