//! A payment intent as it was read.

use super::wire::{WireFailure, WireIntent, WireList};
use super::{Action, currency};
use jiff::Timestamp;
use uuid::Uuid;

/// The provider's record of a payment; of ours, or of somebody else's in the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The provider's id.
    pub id: String,
    /// How far it is.
    pub status: Status,
    /// The amount, in minor units of ISO 4217; none where it is no whole number of them.
    pub amount_minor: Option<i64>,
    /// What was taken, in minor units of ISO 4217; likewise.
    pub received_minor: Option<i64>,
    /// The currency, ISO 4217; empty where it is none.
    pub currency: String,
    /// The clinic, of ours.
    pub clinic: Option<Uuid>,
    /// The payment, of ours.
    pub payment: Option<Uuid>,
    /// The deployment that made it, of ours.
    pub deployment: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Why the last attempt failed, if it did.
    pub failure: Option<PaymentFailure>,
    /// What the customer has to do, if it waits for that.
    pub action: Option<Action>,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFailure {
    /// The code of the error, e.g. `card_declined`.
    pub code: String,
    /// The code of whoever declined, else the code again; for the client only as [`told`](super::told).
    pub decline_code: String,
}

/// How far a payment intent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has no card, or its card was declined.
    RequiresPaymentMethod,
    /// It has a card that was not charged.
    RequiresConfirmation,
    /// It waits for the customer.
    RequiresAction,
    /// It is under way.
    Processing,
    /// The money is held, and not taken.
    RequiresCapture,
    /// It is over, and nothing was taken.
    Canceled,
    /// The money was taken.
    Succeeded,
    /// None that we know.
    Unknown,
}

/// A page of payment intents, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The intents.
    pub intents: Vec<Intent>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Status {
    fn of(text: &str) -> Self {
        match text {
            "requires_payment_method" => Self::RequiresPaymentMethod,
            "requires_confirmation" => Self::RequiresConfirmation,
            "requires_action" => Self::RequiresAction,
            "processing" => Self::Processing,
            "requires_capture" => Self::RequiresCapture,
            "canceled" => Self::Canceled,
            "succeeded" => Self::Succeeded,
            _ => Self::Unknown,
        }
    }
}

impl Intent {
    /// The intent of a reply, if it can be read.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        Self::of(&serde_json::from_slice(body).ok()?)
    }

    fn of(found: &WireIntent) -> Option<Self> {
        let is_code = |code: &&str| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_lowercase());
        let currency = Some(found.currency.as_str()).filter(is_code).unwrap_or_default();
        let currency = currency.to_ascii_uppercase();
        let id_of = |name| found.tag(name).and_then(|text| text.parse().ok());
        Some(Self {
            id: found.id()?,
            status: Status::of(&found.status),
            amount_minor: currency::from_provider(&currency, found.amount),
            received_minor: currency::from_provider(&currency, found.amount_received),
            currency,
            clinic: id_of("clinicId"),
            payment: id_of("paymentId"),
            deployment: found.tag("deployment").map(str::to_owned),
            created_at: Timestamp::from_second(found.created?).ok()?,
            failure: found.last_payment_error.as_ref().map(PaymentFailure::of),
            action: Action::of(found),
        })
    }
}

impl PaymentFailure {
    fn of(failure: &WireFailure) -> Self {
        Self { code: failure.code(), decline_code: failure.decline_code() }
    }
}

impl Page {
    /// The page of a reply, if all of it can be read; `after` is where it begins. One that leads nowhere is none.
    pub(super) fn read(body: &[u8], after: Option<&str>) -> Option<Self> {
        let list: WireList = serde_json::from_slice(body).ok()?;
        let intents: Vec<Intent> = list.data.iter().map(Intent::of).collect::<Option<_>>()?;
        if !list.has_more {
            return Some(Self { intents, next: None });
        }
        let next = intents.last().map(|last| last.id.clone()).filter(|next| Some(next.as_str()) != after)?;
        Some(Self { intents, next: Some(next) })
    }
}
