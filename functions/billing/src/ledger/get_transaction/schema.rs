//! What comes in, what goes out, how it fails.

use crate::ledger::transfer::{Kind, Method};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::input::Fields;
use shared::validation::Text;
use uuid::Uuid;
use validator::Validate;

/// `{id}` of the path.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct TransactionPath {
    /// The transaction.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
}

impl Fields for TransactionPath {}

/// A transaction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// `UUIDv7`.
    pub transaction_id: Uuid,
    /// Whose balance moved.
    pub patient_id: Uuid,
    /// Which way.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// How it was paid.
    pub method: Method,
    /// What for.
    pub description: Option<Text>,
    /// The patient's balance just after; positive when in credit.
    pub balance_minor: i64,
    /// UTC.
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
