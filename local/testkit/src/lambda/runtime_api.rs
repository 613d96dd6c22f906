//! The part of Lambda's Runtime API (2018-06-01) and Extensions API (2020-01-01) that a function meets.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With a response: its bytes as text.
    Response(String),
    /// With an error of the function itself.
    Error(String),
}

struct Invocation {
    id: String,
    event: String,
    deadline: u64,
}

#[derive(Debug)]
struct State {
    next: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    waiting: Mutex<BTreeMap<String, oneshot::Sender<Outcome>>>,
    asked: Notify,
    answered: Arc<AtomicU32>,
}

/// Serves one function, for as long as the test's runtime lives.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: SocketAddr,
    state: Arc<State>,
    invocations: mpsc::UnboundedSender<Invocation>,
    count: AtomicU32,
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.id)
    }
}

impl RuntimeApi {
    pub(super) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (invocations, next) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            next: tokio::sync::Mutex::new(next),
            waiting: Mutex::default(),
            asked: Notify::new(),
            answered: Arc::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, state, invocations, count: AtomicU32::new(1) }
    }

    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Resolves once the function has asked for an event.
    pub(super) async fn asked(&self) {
        self.state.asked.notified().await;
    }

    /// The number of replies, counted before the function learns that its reply was taken.
    pub(super) fn answered(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.state.answered)
    }

    pub(super) async fn invoke(&self, event: &str, deadline: u64) -> Outcome {
        let id = format!("invocation-{}", self.count.fetch_add(1, Ordering::SeqCst));
        let (answer, answered) = oneshot::channel();
        self.state.waiting.lock().unwrap().insert(id.clone(), answer);
        self.invocations.send(Invocation { id, event: event.to_owned(), deadline }).unwrap();
        answered.await.unwrap()
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Ok(match (request.method(), segments.as_slice()) {
        (&Method::GET, ["2018-06-01", "runtime", "invocation", "next"]) => next(&state).await,
        (&Method::POST, ["2018-06-01", "runtime", "invocation", id, kind @ ("response" | "error")]) => {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.to_vec()).unwrap();
            let outcome = if *kind == "response" { Outcome::Response(text) } else { Outcome::Error(text) };
            state.answered.fetch_add(1, Ordering::SeqCst);
            let waiting = state.waiting.lock().unwrap().remove(*id);
            let _ = waiting.unwrap().send(outcome);
            reply(StatusCode::ACCEPTED)
        }
        (&Method::POST, ["2020-01-01", "extension", "register"]) => {
            let mut registered = Response::new(Full::new(Bytes::from_static(
                b"{\"functionName\":\"under-test\",\"functionVersion\":\"$LATEST\",\"handler\":\"bootstrap\"}",
            )));
            let id = http::HeaderValue::from_static("00000000-0000-4000-8000-000000000000");
            registered.headers_mut().insert("lambda-extension-identifier", id);
            registered
        }
        // An extension without events waits for ever.
        (&Method::GET, ["2020-01-01", "extension", "event", "next"]) => std::future::pending().await,
        _ => reply(StatusCode::NOT_FOUND),
    })
}

async fn next(state: &State) -> Response<Full<Bytes>> {
    state.asked.notify_one();
    let Some(invocation) = state.next.lock().await.recv().await else {
        return reply(StatusCode::GONE);
    };
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:under-test";
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", invocation.id)
        .header("lambda-runtime-deadline-ms", invocation.deadline)
        .header("lambda-runtime-invoked-function-arn", arn)
        .body(Full::new(Bytes::from(invocation.event)))
        .unwrap()
}

fn reply(status: StatusCode) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from_static(b"{}")));
    *reply.status_mut() = status;
    reply
}
