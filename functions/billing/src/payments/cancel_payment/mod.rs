//! `POST /api/v1/payments/{id}/cancel`: gives a pending payment up, or finds out that the money was taken.
//!
//! - **Caller**: who holds `payments:take`. Sent again it changes nothing more: it is answered by the payment as it stands.
//! - **Calls**: the provider, as the sweeper does: a fence under the payment's own key, and only where the card was asked for
//!   already, the same request once more. A card that was not charged is never charged by it.
//! - **Writes**: audit first; then what was found out, as every other way of finding it out does.
//! - **Answers**: 200 with the payment that failed, 202 with one of which nothing could be found out, to be asked for again.
//! - **Fails**: `PAYMENT_SUCCEEDED` for money that was taken, now or before; `PAYMENT_IN_REVIEW`; `PAYMENT_NOT_FOUND`.
//! - **Round trips**: 2.

mod db;
mod handler;
pub mod schema;

use super::Payment;
use super::provider::Provider;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct CancelPayment;

impl Endpoint for CancelPayment {
    const NAME: &'static str = "cancel-payment";
    const ROUTE: Route = Route::post("/api/v1/payments/{id}/cancel");
    const POLICY: Policy = Policy::requires(crate::TAKE_PAYMENTS)
        .changes()
        .audits("payment.cancellation_asked", "payment")
        .round_trips(2);
    const SUMMARY: &'static str = "Give a pending payment up";
    const DESCRIPTION: &'static str = "Asks the provider to refuse whatever still arrives of it. When the money was taken \
        already, 409 says so. 202 says that the provider could not be asked: send it again.";
    const SUCCESS: Success = Success::ok().or_pending();
    type Parts = Provider;
    type Input = WithId;
    type Output = Reply<Payment>;
    type Failure = schema::CancelPaymentFailure;

    async fn handle(
        call: &Call<'_, Provider>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into()).await
    }
}
