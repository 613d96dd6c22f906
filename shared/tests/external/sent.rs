//! What whoever called knows of a request without a reply: that it never left, or that it may have arrived. And that it
//! goes out once.

use crate::parts::{Answers, call, reaching};
use bytes::Bytes;
use http::Request;
use shared::external::connect::NetworkScope;
use shared::external::{CallError, ExternalCalls, HttpError};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const KEPT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a server tells of itself.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Arrived(String),
    Closed,
}

use Told::{Arrived, Closed};

fn arrived(body: &str) -> Told {
    Arrived(body.to_owned())
}

/// A server with a thread of its own. It takes so many connections; on each it reads a request and writes the reply, one
/// after the other, and closes it after the last.
fn server(connections: &'static [&'static [&'static str]]) -> (SocketAddr, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, tells) = channel();
    std::thread::spawn(move || {
        for replies in connections {
            let (mut client, _) = listener.accept().unwrap();
            for reply in *replies {
                let mut request = Vec::new();
                while !(request.ends_with(b".") && request.windows(4).any(|four| four == b"\r\n\r\n")) {
                    let mut part = [0; 4096];
                    let length = client.read(&mut part).unwrap();
                    assert!(length > 0, "half a request");
                    request.extend(part.iter().take(length));
                }
                let request = String::from_utf8(request).unwrap();
                let (_, body) = request.split_once("\r\n\r\n").unwrap();
                told.send(arrived(body)).unwrap();
                client.write_all(reply.as_bytes()).unwrap();
            }
            drop(client);
            told.send(Closed).unwrap();
        }
    });
    (address, tells)
}

fn local() -> Arc<ExternalCalls> {
    reaching(NetworkScope::PublicOrLoopback, Answers::none())
}

/// Sends that body, which ends in a full stop; the length of the reply's.
async fn post(external: &ExternalCalls, url: &str, body: &str) -> Result<usize, CallError<HttpError>> {
    let request = Request::post(url).body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let reply = external.call(call(), || external.http_to_others().send(request.clone(), 1_000)).await?;
    Ok(reply.body.len())
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let refused = post(&local(), &url, "one.").await.unwrap_err();
    assert_eq!(refused, CallError::Failed(HttpError::NotReached));
    assert!(!refused.may_have_arrived());
}

#[tokio::test]
async fn who_does_not_speak_tls_is_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut first = vec![0; 4096];
        let length = client.read(&mut first).unwrap();
        client.write_all(KEPT.as_bytes()).unwrap();
        first.truncate(length);
        first
    });
    let refused = post(&local(), &url, "one.").await.unwrap_err();
    assert_eq!(refused, CallError::Failed(HttpError::NotReached));
    assert!(!heard.join().unwrap().ends_with(b"one."));
}

#[tokio::test]
async fn a_request_behind_which_the_connection_breaks_may_have_arrived() {
    let cases: [(&str, &'static [&'static [&'static str]]); 3] = [
        ("no reply", &[&[""]]),
        ("half a head", &[&["HTTP/1.1 200 OK\r\ncontent-le"]]),
        ("half a body", &[&["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhal"]]),
    ];
    for (case, replies) in cases {
        let (address, tells) = server(replies);
        let broken = post(&local(), &format!("http://{address}/"), "one.").await.unwrap_err();
        assert_eq!(broken, CallError::Failed(HttpError::Broken), "{case}");
        assert!(broken.may_have_arrived(), "{case}");
        assert_eq!((tells.recv().unwrap(), tells.recv().unwrap()), (arrived("one."), Closed), "{case}");
    }
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_breaks_behind_it_is_not_sent_again() {
    let (address, tells) = server(&[&[KEPT, ""], &[KEPT]]);
    let (external, url) = (local(), format!("http://{address}/"));
    assert_eq!(post(&external, &url, "one.").await, Ok(2));
    assert_eq!(post(&external, &url, "two.").await, Err(CallError::Failed(HttpError::Broken)));
    assert_eq!(post(&external, &url, "three.").await, Ok(2), "on the next connection");
    let all: Vec<Told> = tells.iter().collect();
    assert_eq!(all, [arrived("one."), arrived("two."), Closed, arrived("three."), Closed]);
}

#[tokio::test]
async fn a_request_for_a_kept_connection_that_was_closed_meanwhile_goes_to_another_and_arrives_once() {
    let (address, tells) = server(&[&[KEPT], &[KEPT]]);
    let (external, url) = (local(), format!("http://{address}/"));
    assert_eq!(post(&external, &url, "one.").await, Ok(2));
    assert_eq!((tells.recv().unwrap(), tells.recv().unwrap()), (arrived("one."), Closed));
    // Nobody has looked at the connection since.
    assert_eq!(post(&external, &url, "two.").await, Ok(2));
    let all: Vec<Told> = tells.iter().collect();
    assert_eq!(all, [arrived("two."), Closed]);
}

#[tokio::test]
async fn connections_that_are_closed_at_any_time_take_no_request_twice() {
    const TIMES: usize = 60;
    const EACH: &[&str] = &[KEPT];
    let (address, tells) = server(&[EACH; TIMES]);
    let (external, url) = (local(), format!("http://{address}/"));
    let mut ended = Vec::new();
    for number in 0..TIMES {
        let body = format!("{number}.");
        // The connection of the one before is closed by now, or not yet.
        ended.push((post(&external, &url, &body).await, Arrived(body)));
    }
    let all: Vec<Told> = tells.try_iter().collect();
    for (ended, one) in ended {
        let times = all.iter().filter(|told| **told == one).count();
        match ended {
            Ok(_) => assert_eq!(times, 1, "{one:?}"),
            Err(error) if error.may_have_arrived() => assert!(times <= 1, "{one:?}"),
            Err(_) => assert_eq!(times, 0, "{one:?}"),
        }
    }
}

#[test]
fn only_a_call_that_was_not_made_or_reached_nobody_has_not_arrived() {
    let second = Duration::from_secs(1);
    let cases = [
        (CallError::BreakerOpen(second), false, Some(second)),
        (CallError::Paced(second), false, Some(second)),
        (CallError::OutOfTime, false, None),
        (CallError::Failed(HttpError::NotReached), false, None),
        (CallError::TimedOut, true, None),
        (CallError::Failed(HttpError::Broken), true, None),
        (CallError::Failed(HttpError::TooLong), true, None),
    ];
    for (error, may_have_arrived, wait) in cases {
        assert_eq!((error.may_have_arrived(), error.wait()), (may_have_arrived, wait), "{error:?}");
    }
}
