//! `GET /api/v1/payments/{id}/refunds`: what was given back of a payment, or is about to be.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.payments`, `billing.refunds`, `billing.receipts`; the newest hundred, more than a payment can have.
//! - **Fails**: `PAYMENT_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use super::Refund;
use super::refund::PaidPath;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithPath};

/// The declaration.
#[derive(Debug)]
pub struct ListRefunds;

impl Endpoint for ListRefunds {
    const NAME: &'static str = "list-refunds";
    const ROUTE: Route = Route::get("/api/v1/payments/{id}/refunds");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "List a payment's refunds";
    const DESCRIPTION: &'static str =
        "Newest first, also those that were made in the provider's dashboard and those that failed.";
    const SUCCESS: Success =
        Success::ok().links_to(&[Link::new("/api/v1/payments/{id}", "/data/0/paymentId")]);
    type Parts = ();
    type Input = WithPath<PaidPath>;
    type Output = Reply<Vec<Refund>>;
    type Failure = schema::ListRefundsFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, payment) = (call.principal()?.clinic_id, input.path.id.into());
        let mut tx = call.read()?;
        let known = tx.add(db::payment_id(clinic, payment));
        let refunds = tx.add(db::refunds(clinic, payment));
        let done = tx.commit::<schema::ListRefundsFailure>().await?;
        done.optional(&known)?.ok_or(schema::ListRefundsFailure::PaymentNotFound)?;
        Ok(Reply::ok(done.many(&refunds)?))
    }
}
