//! What comes in, what goes out, how it fails.

use crate::currency::{CURRENCY, CURRENCY_MISMATCH, INVALID_CURRENCY, currency};
use crate::ledger::transfer::{Kind, Method, TransactionIds};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::{Id, Text};
use uuid::Uuid;
use validator::Validate;

/// Money taken or paid.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTransaction {
    /// Whose balance moves.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Id,
    /// Which way.
    #[serde(rename = "type")]
    #[schemars(example = &"income")]
    pub kind: Kind,
    /// In minor units of the currency: 1 to 99 999 999 999.
    #[validate(range(min = 1, max = 99_999_999_999_i64))]
    #[schemars(example = 15_000)]
    pub amount_minor: i64,
    /// The clinic's currency, ISO 4217.
    #[validate(custom(function = currency))]
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: Text,
    /// How it was paid.
    #[schemars(example = &"pix")]
    pub method: Method,
    /// What for.
    #[validate(length(min = 1, max = 500))]
    #[schemars(example = "Session of 21 November")]
    pub description: Option<Text>,
}

impl Fields for NewTransaction {
    const RULES: &'static [Problem] = &[INVALID_CURRENCY];
}

/// The transaction as recorded.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RecordedTransaction")]
pub struct Recorded {
    /// Its ids.
    #[serde(flatten)]
    pub ids: TransactionIds,
    /// Whose balance moved.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// Which way.
    #[serde(rename = "type")]
    #[schemars(example = Kind::Income)]
    pub kind: Kind,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The patient's balance just after; positive when in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

failures! {
    /// How recording a transaction can fail.
    pub enum CreateTransactionFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::ledger::PATIENT_NOT_FOUND, at "/patientId", violates ["balances_patient_fkey"];
        /// The clinic is paid in another currency.
        CurrencyMismatch = CURRENCY_MISMATCH, violates ["balances_currency_fkey", "transfers_balance_fkey"];
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = crate::ledger::CLOCKS_DISAGREE, violates ["clocks_agree"];
    }
}
