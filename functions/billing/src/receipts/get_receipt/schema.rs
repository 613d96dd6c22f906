//! How it fails.

use crate::receipts::receipt::RECEIPT_NOT_FOUND;
use shared::failures;

failures! {
    /// How reading a receipt can fail.
    pub enum GetReceiptFailure {
        /// This clinic has no such receipt.
        ReceiptNotFound = RECEIPT_NOT_FOUND;
    }
}
