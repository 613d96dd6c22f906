//! `POST /api/v1/transactions/{id}/reversal`: takes a transaction back that was recorded by hand.
//!
//! - **Caller**: who holds `transactions:write`, with an `Idempotency-Key`.
//! - **Writes**: `billing.balances` (the other way), `billing.transfers` (the accounts swapped, `reverses_id` the other), audit,
//!   outbox (`ledger.transaction_recorded`).
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing. A transaction is taken back once: of two at
//!   once the second is refused. The two stay in the ledger, which is append-only.
//! - **Fails**: `TRANSACTION_NOT_FOUND`; `NOT_REVERSIBLE` for what something else has booked, which goes by undoing that, and for
//!   a reversal; `ALREADY_REVERSED`.
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use super::transaction::Transaction;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithIdAndBody};

/// The declaration.
#[derive(Debug)]
pub struct ReverseTransaction;

impl Endpoint for ReverseTransaction {
    const NAME: &'static str = "reverse-transaction";
    const ROUTE: Route = Route::post("/api/v1/transactions/{id}/reversal");
    const POLICY: Policy = Policy::requires(crate::WRITE_TRANSACTIONS)
        .idempotency(Idempotency::Required)
        .audits("transaction.reversed", "transaction");
    const SUMMARY: &'static str = "Take a transaction back";
    const DESCRIPTION: &'static str = "For what was recorded by hand. The balance moves back by a new transaction of type \
        `reversal`, which names the other as `reversesId`; both stay. What a payment, an order or an appointment has booked is \
        taken back by undoing that.";
    const SUCCESS: Success = Success::created().links_to(&[
        Link::new("/api/v1/transactions/{id}", "/data/id"),
        Link::new("/api/v1/patients/{id}", "/data/patientId"),
    ]);
    type Parts = ();
    type Input = WithIdAndBody<schema::NewReversal>;
    type Output = Reply<Transaction>;
    type Failure = schema::ReverseTransactionFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
