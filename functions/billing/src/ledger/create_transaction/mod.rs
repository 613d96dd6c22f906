//! `POST /api/v1/transactions`: records money taken from or paid to a patient by hand; the balance moves with it.
//!
//! - **Caller**: who holds `transactions:write`, with an `Idempotency-Key`.
//! - **Writes**: `billing.balances` (an atomic increment), `billing.transfers`, audit, outbox
//!   (`ledger.transaction_recorded`).
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing. However often one key is sent, the
//!   money moves once. An archived patient may still pay.
//! - **Fails**: `PATIENT_NOT_FOUND`, `CURRENCY_MISMATCH`, field rules; see [`schema`].
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
    const SUMMARY: &'static str = "Record money taken or paid";
    const DESCRIPTION: &'static str = "The patient's balance moves with it, once, however often the same \
        `Idempotency-Key` is sent. An archived patient may still pay.";
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
