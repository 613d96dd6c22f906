//! What comes in, what goes out, how it fails.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Id;
use validator::Validate;

/// `{id}` of the path.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PatientPath {
    /// The patient.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Id,
}

impl Fields for PatientPath {}

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
