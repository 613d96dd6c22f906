//! What comes in, what goes out, how it fails.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::failures;

/// A patient's balance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Minor units; positive when the patient is in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"), example = &"BRL")]
    pub currency: String,
    /// When it was read, UTC.
    #[schemars(example = "2026-11-21T10:00:00Z")]
    pub as_of: Timestamp,
}

failures! {
    /// How reading a balance can fail.
    pub enum GetBalanceFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::ledger::PATIENT_NOT_FOUND;
    }
}
