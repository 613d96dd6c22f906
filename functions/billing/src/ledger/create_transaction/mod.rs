//! `POST /api/v1/transactions`: records money taken from or paid to a patient by hand, or something that the patient owes; the
//! balance moves with it.
//!
//! - **Caller**: who holds `transactions:write`, with an `Idempotency-Key`.
//! - **Writes**: `billing.balances` (an atomic increment), `billing.transfers`, audit, outbox
//!   (`ledger.transaction_recorded`); for an income `billing.receipt_counters` and `billing.receipts`, last.
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing. However often one key is sent, the
//!   money moves once; a source is charged for once. An archived patient may still pay.
//! - **Fails**: `PATIENT_NOT_FOUND`, `CURRENCY_MISMATCH`, `SOURCE_ALREADY_CHARGED`, `OCCURRED_ON_IN_FUTURE`, field rules; see
//!   [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
mod logic;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct CreateTransaction;

impl Endpoint for CreateTransaction {
    const NAME: &'static str = "create-transaction";
    const ROUTE: Route = Route::post("/api/v1/transactions");
    const POLICY: Policy = Policy::requires(crate::WRITE_TRANSACTIONS)
        .idempotency(Idempotency::Required)
        .audits("transaction.recorded", "transaction");
    const SUMMARY: &'static str = "Record money taken or paid, or a charge";
    const DESCRIPTION: &'static str = "The patient's balance moves with it, once, however often the same \
        `Idempotency-Key` is sent. An `income` and an `expense` have a `method`; an `income` may have a `payer`, and gets a \
        receipt with the clinic's next number. A `charge` is something that the patient owes: no money moves, and its `source`, \
        a thing outside Grafono, is charged for once. `occurredOn` is a day before, for what is recorded later. An archived \
        patient may still pay.";
    const SUCCESS: Success = Success::created().links_to(&[
        Link::new("/api/v1/transactions/{id}", "/data/id"),
        Link::new("/api/v1/patients/{id}", "/data/patientId"),
    ]);
    type Parts = ();
    type Input = WithBody<schema::NewTransaction>;
    type Output = Reply<schema::Recorded>;
    type Failure = schema::CreateTransactionFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
