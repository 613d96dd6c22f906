//! `GET /api/v1/receipts/{id}`: one receipt.
//!
//! - **Caller**: who holds `receipts:read`.
//! - **Reads**: `billing.receipts`, `billing.transfers`.
//! - **Fails**: `RECEIPT_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

pub mod schema;

use super::Receipt;
use super::receipt::receipt;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetReceipt;

impl Endpoint for GetReceipt {
    const NAME: &'static str = "get-receipt";
    const ROUTE: Route = Route::get("/api/v1/receipts/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_RECEIPTS);
    const SUMMARY: &'static str = "Read a receipt";
    const SUCCESS: Success = Success::ok().links_to(&[
        Link::new("/api/v1/transactions/{id}", "/data/transactionId"),
        Link::new("/api/v1/receipts/verify/{code}", "/data/code"),
    ]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Receipt>;
    type Failure = schema::GetReceiptFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(receipt(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<schema::GetReceiptFailure>().await?.optional(&handle)?;
        Ok(Reply::ok(found.ok_or(schema::GetReceiptFailure::ReceiptNotFound)?))
    }
}
