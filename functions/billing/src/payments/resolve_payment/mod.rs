//! `POST /api/v1/payments/{id}/resolution`: a person has looked at a payment in review, and says whether it was charged.
//!
//! - **Caller**: who holds `payments:refund`, with an `Idempotency-Key`.
//! - **Writes**: of one that was charged the same as every payment that succeeds, for the payment's own amount; of one that was
//!   not, its failure; audit, outbox.
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing. Of two at once the second is refused.
//! - **Fails**: `PAYMENT_NOT_IN_REVIEW`, `PROVIDER_PAYMENT_REQUIRED`, `PROVIDER_PAYMENT_KNOWN`, `PROVIDER_PAYMENT_DIFFERS`,
//!   `PAYMENT_NOT_FOUND`, field rules.
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use super::Payment;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Policy, Reply, Route, Success, WithPathAndBody};

/// The declaration.
#[derive(Debug)]
pub struct ResolvePayment;

impl Endpoint for ResolvePayment {
    const NAME: &'static str = "resolve-payment";
    const ROUTE: Route = Route::post("/api/v1/payments/{id}/resolution");
    const POLICY: Policy = Policy::requires(crate::REFUND_PAYMENTS)
        .idempotency(Idempotency::Required)
        .audits("payment.resolved", "payment");
    const SUMMARY: &'static str = "Say what became of a payment in review";
    const DESCRIPTION: &'static str = "For whoever has looked it up at the provider. `charged` says that the payment's own \
        amount was taken: it succeeds, and is in the ledger. Else it fails, and the patient may be charged anew.";
    const SUCCESS: Success = Success::ok().etag();
    type Parts = ();
    type Input = WithPathAndBody<schema::ReviewedPath, schema::Resolution>;
    type Output = Reply<Payment>;
    type Failure = schema::ResolvePaymentFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
