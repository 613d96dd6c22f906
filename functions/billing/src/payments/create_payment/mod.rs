//! `POST /api/v1/payments`: takes a card, or makes a Pix. The balance, the receipt and the reply follow once the money was
//! taken.
//!
//! - **Caller**: who holds `payments:take`, with an `Idempotency-Key`.
//! - **Calls**: the payment provider once, between two transactions, under the payment's id as its idempotency key.
//! - **Writes**: the intent first: `billing.payments`, audit, and for the caller's key a pointer to the payment. Then what
//!   became of it, by the statements that the provider's event and the sweeper send as well: `billing.payments`, and of
//!   money that was taken `billing.balances`, `billing.transfers`, `billing.receipts` with the clinic's next number, outbox
//!   (`payment.succeeded`, `payment.failed`, `ledger.transaction_recorded`).
//! - **Atomic**: each of the two. Whatever is killed in between is found out by the sweeper. However often one key is sent
//!   the card is charged once; a second key of a patient whose payment is pending is refused.
//! - **A repetition** reads the payment: it has the final answer, or goes on where the first request was lost. An answer
//!   that is not final is never stored: 202 today may be 201 tomorrow under the same key.
//! - **The customer** may have something to do: authenticate the card (3-D Secure), pay the Pix. 202 says what, in `nextAction`;
//!   a repetition asks the provider what it is now. Nothing of it is kept but until when it waits.
//! - **Fails**: [`schema`]. A refusal is final under its key, but for `PROVIDER_UNAVAILABLE`, which frees it.
//! - **Round trips**: 3: limit, intent, outcome. A repetition reads the payment in place of the outcome; only one that goes on
//!   where another was lost, ten seconds later, or while the customer is waited for, has one more.

mod db;
mod handler;
mod logic;
pub mod schema;

use super::provider::Provider;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, RateClass, Reply, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// What one member may ask of cards: a stolen token shall not try out a list of them.
const PAYMENT: Rule = Rule::new("payment", 30, 60, Of::Member);

/// The declaration.
#[derive(Debug)]
pub struct CreatePayment;

impl Endpoint for CreatePayment {
    const NAME: &'static str = "create-payment";
    const ROUTE: Route = Route::post("/api/v1/payments");
    const POLICY: Policy = Policy::requires(crate::TAKE_PAYMENTS)
        .idempotency(Idempotency::Required)
        .audits("payment.asked", "payment")
        .limit(RateClass::Strict(&[PAYMENT], Asked::First))
        .round_trips(3);
    const SUMMARY: &'static str = "Take a card, or make a Pix";
    const DESCRIPTION: &'static str = "Charges the card by the payment provider, once, however often the same \
        `Idempotency-Key` is sent; the patient's balance rises, and the receipt has its number. `paymentMethod` is the \
        provider's id of the card, never its number, or `pix`. 202 says that the outcome is not known in time: ask at the address \
        in `Location`, or send the same request again under the same key. With `nextAction` the customer has something to do \
        first: hand `clientSecret` to the provider's own page, or show `qrCode`.";
    const SUCCESS: Success =
        Success::created().or_pending().links_to(&[Link::new("/api/v1/payments/{id}", "/data/id")]);
    type Parts = Provider;
    type Input = WithBody<schema::NewPayment>;
    type Output = Reply<schema::PaymentOutcome>;
    type Failure = schema::CreatePaymentFailure;

    async fn handle(
        call: &Call<'_, Provider>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
