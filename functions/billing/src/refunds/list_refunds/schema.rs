//! How it fails.

use crate::payments::payment::PAYMENT_NOT_FOUND;
use shared::failures;

failures! {
    /// How listing a payment's refunds can fail.
    pub enum ListRefundsFailure {
        /// This clinic has no such payment.
        PaymentNotFound = PAYMENT_NOT_FOUND;
    }
}
