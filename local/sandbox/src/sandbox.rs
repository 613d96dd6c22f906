//! The sandbox as others see it.

use crate::asked::{Asked, Request};
use crate::events::{Delivery, Event};
use crate::faults::Fault;
use crate::intent::{Intent, PaymentIntent};
use crate::page;
use crate::refunds::{GivenBack, Refund};
use crate::reply::{LATE, SILENCE, Sent};
use crate::routes::Held;
use crate::server::{self, Listening};
use crate::signature::sign;
use crate::state::State;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response};
use http_body_util::Full;
use jiff::Timestamp;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the time is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Among a response's extensions: only half of its body is to be sent before the connection closes.
#[derive(Debug, Clone, Copy)]
pub struct HalfReply;

/// A payment provider. Its clones are the same one.
#[derive(Clone)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
    webhook_secret: Arc<str>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sandbox")
    }
}

impl Sandbox {
    /// The API key it takes.
    pub const KEY: &str = "sk_test_sandbox";

    /// A provider to which nothing happened. The secret (`whsec_…`) signs its events.
    pub fn new(now: Clock, webhook_secret: &str) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(now))), webhook_secret: webhook_secret.into() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request whose path begins with `/v1/`. None: the connection is to be closed without an answer.
    /// [`HalfReply`] may be among the response's extensions.
    pub async fn answer(&self, head: &Parts, body: Bytes) -> Option<Response<Full<Bytes>>> {
        let asked = Asked::read(head, &body);
        let (sent, key) = self.state().answer(&asked);
        match sent {
            Sent::AtOnce(reply) => Some(reply.into_response()),
            Sent::Again(reply) => {
                let mut response = reply.into_response();
                response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
                Some(response)
            }
            Sent::Late(reply) => {
                self.hold(LATE, key).await;
                Some(reply.into_response())
            }
            Sent::Half(reply) => {
                let mut response = reply.into_response();
                response.extensions_mut().insert(HalfReply);
                Some(response)
            }
            Sent::Lost => None,
            Sent::Silent => {
                self.hold(SILENCE, key).await;
                None
            }
        }
    }

    /// Waits, and releases the key then; also when the client has gone meanwhile.
    async fn hold(&self, duration: Duration, held: Held) {
        let sandbox = self.clone();
        let waited = tokio::spawn(async move {
            tokio::time::sleep(duration).await;
            if let Some((key, since)) = held {
                sandbox.state().keys.release(&key, since);
            }
        });
        let _ = waited.await;
    }

    /// Serves it on a free port of this machine, until what is returned is dropped.
    pub async fn listen(self) -> io::Result<Listening> {
        server::listen(self).await
    }

    /// A page that shows all payment intents and events to a person. It has a style and no script.
    pub fn page(&self) -> String {
        page::page(&self.state())
    }

    /// All payment intents, the oldest first.
    pub fn intents(&self) -> Vec<Intent> {
        self.state().intents.iter().map(PaymentIntent::shown).collect()
    }

    /// The payment intents of that payment that took money: one, if nobody is charged twice.
    pub fn charged(&self, payment_id: &str) -> Vec<Intent> {
        let took =
            |intent: &Intent| intent.amount_received > 0 && intent.payment_id.as_deref() == Some(payment_id);
        self.intents().into_iter().filter(took).collect()
    }

    /// Every request that came, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// All events, the oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    /// The value of `Stripe-Signature` for an event that is sent at `at`.
    pub fn signed(&self, event: &Event, at: Timestamp) -> String {
        sign(&self.webhook_secret, at, &event.body)
    }

    /// Hands each event that was not delivered to `send`, the oldest first and each once. It is delivered when `send`
    /// says so, and comes again the next time otherwise.
    pub async fn deliver<F: Future<Output = bool>>(&self, send: impl Fn(Delivery) -> F) {
        let (events, now) = {
            let state = self.state();
            let waiting: Vec<Event> = state.events.iter().filter(|event| !event.delivered).cloned().collect();
            (waiting, state.now())
        };
        for event in events {
            let signature = self.signed(&event, now);
            let id = event.id.clone();
            if send(Delivery { id: event.id, body: event.body, signature }).await {
                self.state().was_delivered(&id);
            }
        }
    }

    /// A payment intent that took this amount before the sandbox was there: for a database that is older.
    pub fn remember(&self, intent_id: &str, amount: i64, currency: &str) {
        self.state().remember(intent_id, amount, currency);
    }

    /// The customer's bank disputes an amount of an intent: two events, without the intent's metadata. The dispute's id;
    /// none when the intent took no money.
    pub fn dispute(&self, intent_id: &str, amount: i64) -> Option<String> {
        self.state().dispute(intent_id, amount)
    }

    /// Somebody refunds an amount of an intent in the provider's dashboard: two events, without the intent's metadata.
    /// The refund's id; none when that much is not left.
    pub fn refund_elsewhere(&self, intent_id: &str, amount: i64) -> Option<String> {
        self.state().refund_elsewhere(intent_id, amount)
    }

    /// All refunds, the oldest first.
    pub fn refunds(&self) -> Vec<GivenBack> {
        self.state().refunds.iter().map(Refund::shown).collect()
    }

    /// A refund arrives, or it comes back, also days after it had succeeded. False when that cannot be.
    pub fn end_refund(&self, refund_id: &str, arrives: bool) -> bool {
        self.state().end_refund(refund_id, arrives)
    }

    /// The customer's bank decides a dispute. False when it has, or there is none.
    pub fn close_dispute(&self, dispute_id: &str, is_won: bool) -> bool {
        self.state().close_dispute(dispute_id, is_won)
    }

    /// What a button of the page does to the thing of that id. False when it cannot be done.
    pub fn press(&self, id: &str, button: &str) -> bool {
        let mut state = self.state();
        match button {
            "paid" => state.settle(id, true),
            "failed" => state.settle(id, false),
            "disputed" => {
                let taken = state.intent(id).map(|intent| intent.received).unwrap_or_default();
                state.dispute(id, taken).is_some()
            }
            "refunded" => {
                let rest =
                    state.intent(id).map(|intent| intent.received - intent.refunded).unwrap_or_default();
                state.refund_elsewhere(id, rest).is_some()
            }
            "arrived" => state.end_refund(id, true),
            "returned" => state.end_refund(id, false),
            "won" => state.close_dispute(id, true),
            "lost" => state.close_dispute(id, false),
            _ => false,
        }
    }

    /// Ends an intent that is processed or waits for its customer, as its event tells. False when there is none.
    pub fn settle(&self, intent_id: &str, succeeds: bool) -> bool {
        self.state().settle(intent_id, succeeds)
    }

    /// Makes the next request meet a fault, whatever its card. Several are met one after another.
    pub fn fail_next(&self, how: Fault) {
        self.state().faults.push_back(how);
    }
}
