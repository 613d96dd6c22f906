//! `POST /api/v1/payments/{id}/refunds`: gives money of a payment back, all that is left or a part of it.
//!
//! - **Caller**: who holds `payments:refund`, with an `Idempotency-Key`.
//! - **Calls**: the payment provider once, between two transactions, under the refund's id as its idempotency key.
//! - **Writes**: the refund first, with its amount reserved of the payment, audit, and for the caller's key a pointer to it. Then
//!   what became of it, by the statements that the provider's event and the sweeper send as well: `billing.refunds`, and of
//!   money that was given back `billing.balances`, `billing.transfers`, `billing.receipts` with the clinic's next number, outbox
//!   (`refund.succeeded`, `refund.failed`, `ledger.transaction_recorded`).
//! - **Atomic**: each of the two. A refund is decided once it is asked for: whatever is killed in between is carried on by the
//!   sweeper. Refunds at once never give back more than was taken: those under way count.
//! - **A repetition** reads the refund: it has the final answer, the same whatever became of the money days later, or goes on
//!   where the first request was lost.
//! - **Fails**: [`schema`]. A refusal is final under its key.
//! - **Round trips**: 2: intent, outcome. A repetition reads the refund in place of the outcome; only one that goes on where
//!   another was lost, ten seconds later, has one more.

mod db;
mod handler;
mod logic;
pub mod schema;

use crate::payments::provider::Provider;
use crate::refunds::refund::PaidPath;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithPathAndBody};

/// The declaration.
#[derive(Debug)]
pub struct CreateRefund;

impl Endpoint for CreateRefund {
    const NAME: &'static str = "create-refund";
    const ROUTE: Route = Route::post("/api/v1/payments/{id}/refunds");
    const POLICY: Policy = Policy::requires(crate::REFUND_PAYMENTS)
        .idempotency(Idempotency::Required)
        .audits("refund.asked", "refund")
        .round_trips(2);
    const SUMMARY: &'static str = "Give money of a payment back";
    const DESCRIPTION: &'static str = "By the payment provider, once, however often the same `Idempotency-Key` is sent; the \
        patient's balance falls, and the receipt has its number. Without `amountMinor` it is all that is left. 202 says that the \
        outcome is not known in time: the refund is decided and carried on; ask at the address in `Location`.";
    const SUCCESS: Success =
        Success::created().or_pending().links_to(&[Link::new("/api/v1/payments/{id}", "/data/paymentId")]);
    type Parts = Provider;
    type Input = WithPathAndBody<PaidPath, schema::NewRefund>;
    type Output = Reply<schema::RefundOutcome>;
    type Failure = schema::CreateRefundFailure;

    async fn handle(
        call: &Call<'_, Provider>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
