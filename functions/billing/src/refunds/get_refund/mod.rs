//! `GET /api/v1/payments/{id}/refunds/{refundId}`: one refund, with what became of it since.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.refunds`, `billing.payments`, `billing.receipts`.
//! - **Fails**: `REFUND_NOT_FOUND`, alike for another payment's, another clinic's and one that never was.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use super::Refund;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithPath};

/// The declaration.
#[derive(Debug)]
pub struct GetRefund;

impl Endpoint for GetRefund {
    const NAME: &'static str = "get-refund";
    const ROUTE: Route = Route::get("/api/v1/payments/{id}/refunds/{refundId}");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "Read a refund";
    const DESCRIPTION: &'static str = "What became of it. Money that was given back may come back days later: then `status` is `failed`, and \
        `returnedTransactionId` says by which transaction.";
    const SUCCESS: Success =
        Success::ok().etag().links_to(&[Link::new("/api/v1/payments/{id}", "/data/paymentId")]);
    type Parts = ();
    type Input = WithPath<schema::RefundPath>;
    type Output = Reply<Refund>;
    type Failure = schema::GetRefundFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let path = input.path;
        let mut tx = call.read()?;
        let handle = tx.add(db::refund(call.principal()?.clinic_id, path.id.into(), path.refund_id.into()));
        let found = tx.commit::<schema::GetRefundFailure>().await?.optional(&handle)?;
        let refund = found.ok_or(schema::GetRefundFailure::RefundNotFound)?;
        let version = refund.version;
        Ok(Reply::ok(refund).version(version))
    }
}
