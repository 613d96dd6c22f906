//! How it fails.

use crate::ledger::transaction::TRANSACTION_NOT_FOUND;
use shared::failures;

failures! {
    /// How reading a transaction can fail.
    pub enum GetTransactionFailure {
        /// This clinic has no such transaction.
        TransactionNotFound = TRANSACTION_NOT_FOUND;
    }
}
