//! A payment intent.

use crate::status::Status;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A payment intent as the sandbox keeps it.
#[derive(Debug, Clone)]
pub(crate) struct PaymentIntent {
    pub(crate) id: String,
    pub(crate) account: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) status: Status,
    pub(crate) amount: i64,
    pub(crate) received: i64,
    pub(crate) refunded: i64,
    pub(crate) disputed: i64,
    /// Whether its refunds are pending at first.
    pub(crate) refunds_wait: bool,
    pub(crate) currency: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) last_error: Option<Value>,
    pub(crate) next_action: Option<Value>,
    pub(crate) charge: Option<String>,
    pub(crate) created: Timestamp,
}

/// A payment intent, to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its id, `pi_…`.
    pub id: String,
    /// The connected account that it was made under.
    pub account: Option<String>,
    /// Its status, in the provider's words.
    pub status: String,
    /// The amount, in the provider's minor units.
    pub amount: i64,
    /// What of it was taken: all or nothing.
    pub amount_received: i64,
    /// The currency, in lower case.
    pub currency: String,
    /// `clinicId` of its metadata.
    pub clinic_id: Option<String>,
    /// `paymentId` of its metadata.
    pub payment_id: Option<String>,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

impl PaymentIntent {
    /// As the provider shows it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": self.received,
            "client_secret": format!("{}_secret_sandbox", self.id),
            "created": self.created.as_second(),
            "currency": self.currency,
            "last_payment_error": self.last_error,
            "latest_charge": self.charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action,
            "payment_method_types": self.kinds,
            "status": self.status.as_str(),
        })
    }

    /// Its charge, as the provider shows it.
    pub(crate) fn charge_json(&self, metadata: &BTreeMap<String, String>) -> Value {
        json!({
            "id": self.charge,
            "object": "charge",
            "amount": self.received,
            "amount_refunded": self.refunded,
            "currency": self.currency,
            "livemode": false,
            "metadata": metadata,
            "payment_intent": self.id,
            "refunded": self.refunded == self.received,
            "status": "succeeded",
        })
    }

    pub(crate) fn shown(&self) -> Intent {
        Intent {
            id: self.id.clone(),
            account: self.account.clone(),
            status: self.status.as_str().to_owned(),
            amount: self.amount,
            amount_received: self.received,
            currency: self.currency.clone(),
            clinic_id: self.metadata.get("clinicId").cloned(),
            payment_id: self.metadata.get("paymentId").cloned(),
            idempotency_key: self.key.clone(),
            created: self.created,
        }
    }
}
