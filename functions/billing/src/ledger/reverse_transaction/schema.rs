//! What comes in, how it fails.

use crate::ledger::transaction::TRANSACTION_NOT_FOUND;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Text;
use validator::Validate;

/// Why a transaction is taken back.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewReversal {
    /// Why; it is the reversal's description.
    #[validate(length(min = 1, max = 500))]
    #[schemars(example = "Entered twice")]
    pub reason: Option<Text>,
}

impl Fields for NewReversal {}

failures! {
    /// How taking a transaction back can fail.
    pub enum ReverseTransactionFailure {
        /// This clinic has no such transaction.
        TransactionNotFound = TRANSACTION_NOT_FOUND, violates ["transaction_exists"];
        /// Something else has booked it, or it is a reversal.
        NotReversible = 422 "NOT_REVERSIBLE", "Not reversible",
            "Only what was recorded by hand is taken back so. A payment is refunded, and what an order or an appointment has booked goes with that; a reversal stays.",
            violates ["transaction_reversible"];
        /// It was taken back before.
        AlreadyReversed = 409 "ALREADY_REVERSED", "Already reversed",
            "This transaction was taken back before; reversedBy says by which one.",
            violates ["transfers_reversed_once", "transfers_one_a_source"];
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = crate::ledger::CLOCKS_DISAGREE, violates ["clocks_agree"];
    }
}
