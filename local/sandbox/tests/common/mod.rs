//! A client of the sandbox, over HTTP.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test file uses a part, and one that cannot go on should say where and end"
)]

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use payment_sandbox::{Listening, Sandbox};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

pub const SECRET: &str = "whsec_test";

/// The version that the client speaks.
pub const VERSION: &str = "2026-10-28.endive";

/// A sandbox that listens, and its clock.
pub struct World {
    pub sandbox: Sandbox,
    pub listening: Listening,
    now: Arc<Mutex<Timestamp>>,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// `error.code`, or `error.type` when it has no code.
    pub fn error(&self) -> String {
        let error = &self.json()["error"];
        error["code"].as_str().or(error["type"].as_str()).unwrap_or_default().to_owned()
    }

    pub fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
    }
}

/// No whole reply.
#[derive(Debug)]
pub struct Broken {
    /// Of the head, if one came.
    pub status: Option<u16>,
    /// How many bytes of the body came, and how many were announced.
    pub received: usize,
    pub announced: Option<usize>,
}

impl Broken {
    const SILENT: Self = Self { status: None, received: 0, announced: None };
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// The form that takes 150.00 BRL with that card for the payment `pay-1`.
pub fn charge(card: &str) -> Vec<(&str, &str)> {
    vec![
        ("amount", "15000"),
        ("currency", "brl"),
        ("confirm", "true"),
        ("payment_method", card),
        ("payment_method_types[]", "card"),
        ("error_on_requires_action", "true"),
        ("metadata[clinicId]", "clinic-1"),
        ("metadata[paymentId]", "pay-1"),
        ("metadata[deployment]", "test"),
    ]
}

/// The form that takes no money, for the same payment.
pub fn fence() -> Vec<(&'static str, &'static str)> {
    let takes_money = |name: &str| ["confirm", "payment_method", "error_on_requires_action"].contains(&name);
    charge("").into_iter().filter(|(name, _)| !takes_money(name)).collect()
}

/// The form with another value of a parameter.
pub fn with<'a>(mut form: Vec<(&'a str, &'a str)>, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    form.retain(|(other, _)| *other != name);
    form.push((name, value));
    form
}

impl Call {
    fn new(method: &'static str, path: &str, body: String) -> Self {
        let headers = vec![
            ("authorization", format!("Bearer {}", Sandbox::KEY)),
            ("stripe-version", VERSION.to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        Self { method, path: path.to_owned(), headers, body }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path, String::new())
    }

    pub fn post(path: &str, form: &[(&str, &str)]) -> Self {
        Self::new("POST", path, Serializer::new(String::new()).extend_pairs(form).finish())
    }

    /// Takes 150.00 BRL with that card, under that key.
    pub fn charge(card: &str, key: &str) -> Self {
        Self::post("/v1/payment_intents", &charge(card)).keyed(key)
    }

    pub fn keyed(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With that header, and no other value of it.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn without(mut self, name: &'static str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }
}

impl World {
    pub async fn new() -> Self {
        let now = Arc::new(Mutex::new("2026-11-02T12:00:00Z".parse().unwrap()));
        let clock = Arc::clone(&now);
        let sandbox = Sandbox::new(Arc::new(move || *clock.lock().unwrap()), SECRET);
        let listening = sandbox.clone().listen().await.unwrap();
        Self { sandbox, listening, now }
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub fn pass(&self, duration: SignedDuration) {
        *self.now.lock().unwrap() += duration;
    }

    fn request(&self, call: Call) -> Request<Bytes> {
        let mut request = Request::builder().method(call.method).uri(call.path);
        request = request.header("host", self.listening.address.to_string());
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        request.body(Bytes::from(call.body)).unwrap()
    }

    /// Asks without a connection: the body of what is answered, whole even where half of it would be sent.
    pub async fn ask(&self, call: Call) -> Option<Response<Bytes>> {
        let (head, body) = self.request(call).into_parts();
        let (head, body) = self.sandbox.answer(&head, body).await?.into_parts();
        Some(Response::from_parts(head, body.collect().await.unwrap().to_bytes()))
    }

    /// Sends a request; an error when no whole reply comes.
    pub async fn try_send(&self, call: Call) -> Result<Reply, Broken> {
        let stream = TcpStream::connect(self.listening.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = self.request(call).map(Full::new);
        let response = sender.send_request(request).await.map_err(|_| Broken::SILENT)?;
        let (head, mut body) = response.into_parts();
        let (status, mut bytes) = (head.status.as_u16(), Vec::new());
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                let announced = head.headers["content-length"].to_str().unwrap().parse().ok();
                return Err(Broken { status: Some(status), received: bytes.len(), announced });
            };
            bytes.extend(frame.into_data().unwrap());
        }
        Ok(Reply { status, headers: head.headers, bytes: bytes.into() })
    }

    pub async fn send(&self, call: Call) -> Reply {
        self.try_send(call).await.unwrap()
    }

    /// The id of a new intent that took 150.00 BRL.
    pub async fn paid(&self, key: &str) -> String {
        let reply = self.send(Call::charge("pm_card_visa", key)).await;
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// The kinds of all events, in order.
    pub fn kinds(&self) -> Vec<String> {
        self.sandbox.events().into_iter().map(|event| event.kind).collect()
    }

    /// The body of the last event.
    pub fn last_event(&self) -> Value {
        serde_json::from_str(&self.sandbox.events().last().unwrap().body).unwrap()
    }
}

/// Waits until it is so, letting others run.
pub async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}
