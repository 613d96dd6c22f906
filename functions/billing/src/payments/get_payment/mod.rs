//! `GET /api/v1/payments/{id}`: one payment, with what changes about it.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.payments`, `billing.receipts`.
//! - **Fails**: `PAYMENT_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

use super::Payment;
use super::payment::{PAYMENT_NOT_FOUND, payment};
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetPayment;

failures! {
    /// How reading a payment can fail.
    pub enum GetPaymentFailure {
        /// This clinic has no such payment.
        PaymentNotFound = PAYMENT_NOT_FOUND;
    }
}

impl Endpoint for GetPayment {
    const NAME: &'static str = "get-payment";
    const ROUTE: Route = Route::get("/api/v1/payments/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "Read a payment";
    const DESCRIPTION: &'static str = "What became of it, and what changed since: refunds, a dispute, whether a person must \
        look at it.";
    const SUCCESS: Success =
        Success::ok().etag().links_to(&[Link::new("/api/v1/patients/{id}", "/data/patientId")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Payment>;
    type Failure = GetPaymentFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(payment(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<GetPaymentFailure>().await?.optional(&handle)?;
        let payment = found.ok_or(GetPaymentFailure::PaymentNotFound)?;
        let version = payment.version;
        Ok(Reply::ok(payment).version(version))
    }
}
