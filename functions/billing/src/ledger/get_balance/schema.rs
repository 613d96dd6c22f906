//! What comes in, what goes out, how it fails.

use crate::currency::CURRENCY;
use crate::ledger::transfer::TransactionType;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::{DateTime, FullDate, Text};
use uuid::Uuid;
use validator::Validate;

/// Of which instant, and whether with reasons.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BalanceQuery {
    /// What it was then; what it is now unless given. A plus sign is `%2B` in a query.
    #[schemars(example = "2026-01-01T00:00:00Z")]
    pub as_of: Option<DateTime>,
    /// Whether to say what it is made of: the last hundred transactions, and what was carried forward to them.
    #[schemars(extend("default" = false))]
    pub explain: Option<bool>,
}

impl Fields for BalanceQuery {}

/// A patient's balance.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Minor units; positive when the patient is in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The instant that it is of, UTC.
    #[schemars(example = "2026-11-21T10:00:00Z")]
    pub as_of: Timestamp,
    /// Whether it stays what it is: a transaction that was begun before an instant of the last 15 seconds may still come.
    #[schemars(example = false)]
    pub is_final: bool,
    /// With `explain`: the transactions that it is made of, newest first, a hundred at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<Entry>>,
    /// With `explain`: what it was before the oldest of the entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = 0)]
    pub carried_forward_minor: Option<i64>,
}

/// A transaction as a part of a balance.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The transaction.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Uuid,
    /// What it is.
    #[serde(rename = "type")]
    #[schemars(example = TransactionType::Income)]
    pub kind: TransactionType,
    /// By how much the balance moved, minor units: positive when it rose.
    #[schemars(example = 15_000)]
    pub moved_minor: i64,
    /// What it was just after.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// What for.
    #[schemars(length(min = 1, max = 500), example = "Session of 21 November")]
    pub description: Option<Text>,
    /// The day in the clinic's zone, `YYYY-MM-DD`.
    #[schemars(example = "2026-11-21")]
    pub occurred_on: FullDate,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

failures! {
    /// How reading a balance can fail.
    pub enum GetBalanceFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::ledger::PATIENT_NOT_FOUND;
        /// Nobody knows yet.
        AsOfInFuture = 400 "AS_OF_IN_FUTURE", "That instant has not come",
            "Nobody knows a balance that is yet to come. Send an instant that is past, or none for now.",
            at "/asOf";
    }
}
