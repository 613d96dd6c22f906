//! `POST /api/v1/receipts/{id}/email`: mails a receipt's paper to whoever paid, or to another address.
//!
//! - **Caller**: who holds `receipts:read` and has confirmed its own address, for it mails others; with an `Idempotency-Key`. Twenty an hour a member.
//! - **Reads**: what is stored under the key, and what the paper shows, see `get-receipt`.
//! - **Writes**: `billing.receipt_documents`, if nobody has; `kernel.mails`, audit, outbox (`mail.requested`).
//! - **Atomic**: what it writes. A repetition under its key sends no second mail.
//! - **Fails**: `RECEIPT_NOT_FOUND`, `RECEIPT_WITHOUT_ADDRESS`, field rules.
//! - **Round trips**: 3: the limit, what the paper shows, and the mail, which has the paper in it; 4 where nobody has made the
//!   document yet.

mod db;
mod handler;
pub mod schema;

use super::signer::ReceiptSigner;
use shared::access::PublicUrl;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Policy, RateClass, Reply, Route, Success, WithIdAndBody};
use shared::limits::{Asked, Of, Rule};

/// What one member may ask for.
const MAILS: Rule = Rule::new("receipt-mails", 20, 3_600, Of::Member);

/// The declaration.
#[derive(Debug)]
pub struct MailReceipt;

impl Endpoint for MailReceipt {
    const NAME: &'static str = "mail-receipt";
    const ROUTE: Route = Route::post("/api/v1/receipts/{id}/email");
    const POLICY: Policy = Policy::requires(crate::READ_RECEIPTS)
        .verified()
        .idempotency(Idempotency::Required)
        .audits("receipt.mailed", "receipt")
        .limit(RateClass::Strict(&[MAILS], Asked::First))
        .round_trips(4);
    const SUMMARY: &'static str = "Mail a receipt";
    const DESCRIPTION: &'static str =
        "To `to`, or to whoever paid, where that is known. The first mail goes out by itself.";
    const SUCCESS: Success = Success::accepted();
    type Parts = (ReceiptSigner, PublicUrl);
    type Input = WithIdAndBody<schema::NewMail>;
    type Output = Reply<schema::Mailed>;
    type Failure = schema::MailReceiptFailure;

    async fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
