//! How it fails.

use crate::payments::payment::PAYMENT_NOT_FOUND;
use shared::failures;

failures! {
    /// How giving a payment up can fail.
    pub enum CancelPaymentFailure {
        /// This clinic has no such payment.
        PaymentNotFound = PAYMENT_NOT_FOUND, violates ["payment_exists"];
        /// The money was taken.
        PaymentSucceeded = 409 "PAYMENT_SUCCEEDED", "Payment succeeded",
            "The money was taken, so there is nothing to give up. Whoever is to have it back gets it by the provider's dashboard.",
            violates ["payment_not_succeeded"];
        /// A person must look.
        PaymentInReview = 409 "PAYMENT_IN_REVIEW", "Payment in review",
            "What the provider says of this payment does not fit. Look it up at the provider and resolve it: POST /api/v1/payments/{id}/resolution.",
            violates ["payment_not_in_review"];
    }
}
