//! `GET /api/v1/receipts/{id}`: one receipt, as JSON or, by `Accept: application/pdf`, as the paper.
//!
//! - **Caller**: who holds `receipts:read`. The audit log notes whose receipt was read.
//! - **Reads**: `billing.receipts`, `billing.transfers`, `billing.payments`, `billing.refunds`; for the paper
//!   `billing.receipt_documents` and what it is made of (`identity.published_clinics`, `patients.published_patients`).
//! - **Writes**: `billing.receipt_documents`, if nobody has. The paper has the same bytes each time.
//! - **Fails**: `RECEIPT_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1; one more, once a receipt, for a paper that nobody has asked for and `render-receipt` has not come to.

mod handler;
pub mod schema;

use super::Receipt;
use super::signer::ReceiptSigner;
use shared::access::PublicUrl;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Represented, Route, Success, WithId};

/// The media type of the paper.
const PDF: &str = "application/pdf";

/// The declaration.
#[derive(Debug)]
pub struct GetReceipt;

impl Endpoint for GetReceipt {
    const NAME: &'static str = "get-receipt";
    const ROUTE: Route = Route::get("/api/v1/receipts/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_RECEIPTS)
        .shows_people("receipt.read")
        .produces(&["application/json", PDF]);
    const SUMMARY: &'static str = "Read a receipt";
    const DESCRIPTION: &'static str = "`Accept: application/pdf` gives the paper, the same bytes each time: what it shows was \
        signed once, and stays when clinic or patient has another name. The signed content is attached to it.";
    const SUCCESS: Success = Success::ok().links_to(&[
        Link::new("/api/v1/transactions/{id}", "/data/transactionId"),
        Link::new("/api/v1/receipts/verify/{code}", "/data/code"),
    ]);
    type Parts = (ReceiptSigner, PublicUrl);
    type Input = WithId;
    type Output = Represented<Receipt>;
    type Failure = schema::GetReceiptFailure;

    async fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into()).await
    }
}
