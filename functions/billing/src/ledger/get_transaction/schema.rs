//! What comes in, what goes out, how it fails.

use crate::ledger::transfer::{Method, TransactionIds, TransactionType};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::validation::Text;
use uuid::Uuid;

/// A transaction.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Its ids.
    #[serde(flatten)]
    pub ids: TransactionIds,
    /// Whose balance moved.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// What it is.
    #[serde(rename = "type")]
    #[schemars(example = TransactionType::Income)]
    pub kind: TransactionType,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999_999_i64), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = "^[A-Z]{3}$"), example = &"BRL")]
    pub currency: String,
    /// How it was paid; null where no money moves.
    #[schemars(example = Method::Pix)]
    pub method: Option<Method>,
    /// What for.
    #[schemars(length(min = 1, max = 500), example = "Session of 21 November")]
    pub description: Option<Text>,
    /// The patient's balance just after; positive when in credit.
    #[schemars(example = 15_000)]
    pub balance_minor: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

failures! {
    /// How reading a transaction can fail.
    pub enum GetTransactionFailure {
        /// This clinic has no such transaction.
        TransactionNotFound = 404 "TRANSACTION_NOT_FOUND", "No such transaction",
            "This clinic has no transaction with this id.";
    }
}
