//! What comes in, what goes out, how it fails.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::input::Fields;
use uuid::Uuid;
use validator::Validate;

/// `{id}` of the path.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PatientPath {
    /// The patient.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
}

impl Fields for PatientPath {}

/// A patient's balance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Minor units; positive when the patient is in credit.
    pub balance_minor: i64,
    /// The clinic's currency, ISO 4217.
    pub currency: String,
    /// When it was read, UTC.
    pub as_of: Timestamp,
}

failures! {
    /// How reading a balance can fail.
    pub enum GetBalanceFailure {
        /// This clinic has no such patient.
        PatientNotFound = 404 "PATIENT_NOT_FOUND", "No such patient", "This clinic has no patient with this id.";
    }
}
