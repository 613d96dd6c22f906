//! `GET /api/v1/transactions/{id}`: one transaction.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.transfers`, `billing.receipts`.
//! - **Fails**: `TRANSACTION_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

pub mod schema;

use super::transaction::{Transaction, transaction};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetTransaction;

impl Endpoint for GetTransaction {
    const NAME: &'static str = "get-transaction";
    const ROUTE: Route = Route::get("/api/v1/transactions/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "Read a transaction";
    const SUCCESS: Success = Success::ok().links_to(&[Link::new("/api/v1/patients/{id}", "/data/patientId")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Transaction>;
    type Failure = schema::GetTransactionFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(transaction(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<schema::GetTransactionFailure>().await?.optional(&handle)?;
        Ok(Reply::ok(found.ok_or(schema::GetTransactionFailure::TransactionNotFound)?))
    }
}
