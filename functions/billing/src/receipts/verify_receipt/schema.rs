//! What comes in, what goes out, how it fails.

use crate::currency::CURRENCY;
use crate::receipts::receipt::{RECEIPT_NOT_FOUND, ReceiptKind, ReceiptStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::{FullDate, Text};
use validator::Validate;

/// `{code}` of the path.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct CodePath {
    /// The code on the paper.
    #[schemars(example = &"AGEQUXNMSZ3UXPGOWMBATGUAK4AQEAYEAUDAOCAJBIFQYDIOB4IA")]
    pub code: Text,
}

impl Fields for CodePath {}

/// What a receipt says, without a word of anybody.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Counted from 1 within the clinic.
    #[schemars(range(min = 1), example = 1)]
    pub number: i64,
    /// The clinic's name.
    #[schemars(example = "Clínica Aurora")]
    pub clinic_name: String,
    /// What it is for.
    #[schemars(example = ReceiptKind::Received)]
    pub kind: ReceiptKind,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// The day in the clinic's zone, `YYYY-MM-DD`.
    #[schemars(example = "2026-11-21")]
    pub issued_on: FullDate,
    /// What became of the money since.
    #[schemars(example = ReceiptStatus::Valid)]
    pub status: ReceiptStatus,
}

failures! {
    /// How verifying a receipt can fail.
    pub enum VerifyReceiptFailure {
        /// No receipt has this code.
        ReceiptNotFound = RECEIPT_NOT_FOUND;
    }
}
