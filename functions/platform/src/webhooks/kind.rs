//! The kinds of events that can be heard from outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// A kind of event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[schemars(description = "What happened: `<subject>.<past tense>`.")]
pub enum EventKind {
    /// A clinic signed up.
    #[serde(rename = "clinic.created")]
    #[strum(serialize = "clinic.created")]
    ClinicCreated,
    /// A patient was added.
    #[serde(rename = "patient.created")]
    #[strum(serialize = "patient.created")]
    PatientCreated,
    /// A patient was edited.
    #[serde(rename = "patient.updated")]
    #[strum(serialize = "patient.updated")]
    PatientUpdated,
    /// Money was taken or given.
    #[serde(rename = "ledger.transaction_recorded")]
    #[strum(serialize = "ledger.transaction_recorded")]
    TransactionRecorded,
    /// A card was charged.
    #[serde(rename = "payment.succeeded")]
    #[strum(serialize = "payment.succeeded")]
    PaymentSucceeded,
    /// A card was not charged.
    #[serde(rename = "payment.failed")]
    #[strum(serialize = "payment.failed")]
    PaymentFailed,
    /// Money of a payment was given back.
    #[serde(rename = "refund.succeeded")]
    #[strum(serialize = "refund.succeeded")]
    RefundSucceeded,
    /// It was not, or it came back.
    #[serde(rename = "refund.failed")]
    #[strum(serialize = "refund.failed")]
    RefundFailed,
    /// The owner of a card has gone to their bank.
    #[serde(rename = "dispute.opened")]
    #[strum(serialize = "dispute.opened")]
    DisputeOpened,
    /// The bank has decided for the clinic.
    #[serde(rename = "dispute.won")]
    #[strum(serialize = "dispute.won")]
    DisputeWon,
    /// The bank has decided for the owner of the card.
    #[serde(rename = "dispute.lost")]
    #[strum(serialize = "dispute.lost")]
    DisputeLost,
}

impl EventKind {
    /// Its name, as events have it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// All of them, by their names.
pub const KINDS: &[&str] = EventKind::VARIANTS;

/// The kind of the test that an endpoint answers before it hears of events. It is announced by nobody and cannot be asked
/// for.
pub const TEST: &str = "webhook.test";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_in_requests_and_in_events() {
        for name in KINDS {
            let kind: EventKind = name.parse().unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert!(TEST.parse::<EventKind>().is_err());
        assert!("patient.deleted".parse::<EventKind>().is_err());
    }
}
