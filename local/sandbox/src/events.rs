//! Events: what the provider tells by webhook.

use crate::state::State;
use serde_json::{Value, json};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, `evt_…`.
    pub id: String,
    /// Its type, such as `payment_intent.succeeded`.
    pub kind: String,
    /// What is sent: JSON.
    pub body: String,
    /// Whether whoever it was handed to took it.
    pub delivered: bool,
}

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id.
    pub id: String,
    /// The body: JSON.
    pub body: String,
    /// The value of `Stripe-Signature`.
    pub signature: String,
}

impl State {
    /// Adds an event about an object of an account.
    pub(crate) fn tell(&mut self, kind: &str, account: Option<&str>, object: &Value) {
        let id = self.ids.next("evt");
        let mut event = json!({
            "id": id,
            "object": "event",
            "api_version": crate::asked::VERSION,
            "created": self.now().as_second(),
            "type": kind,
            "livemode": false,
            "data": { "object": object },
        });
        if let (Some(account), Some(members)) = (account, event.as_object_mut()) {
            members.insert("account".to_owned(), json!(account));
        }
        self.events.push(Event { id, kind: kind.to_owned(), body: event.to_string(), delivered: false });
    }

    /// Notes that somebody took the event.
    pub(crate) fn was_delivered(&mut self, id: &str) {
        if let Some(event) = self.events.iter_mut().find(|event| event.id == id) {
            event.delivered = true;
        }
    }
}
