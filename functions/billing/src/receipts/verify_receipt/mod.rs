//! `GET /api/v1/receipts/verify/{code}`: what a receipt says, to whoever has it in hand, and nothing of anybody.
//!
//! - **Caller**: anybody who has the code, which is on the paper and cannot be guessed.
//! - **Reads**: `billing.receipts`, `billing.receipt_documents`, `billing.transfers`, `billing.payments`, `billing.refunds`, `identity.published_clinics`, within the clinic that the code names.
//! - **Fails**: `RECEIPT_NOT_FOUND`, alike for what is no code and for a code of nothing: both are looked for.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use super::code::Code;
use shared::database::Scope;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, WithPath};

/// The declaration.
#[derive(Debug)]
pub struct VerifyReceipt;

impl Endpoint for VerifyReceipt {
    const NAME: &'static str = "verify-receipt";
    const ROUTE: Route = Route::get("/api/v1/receipts/verify/{code}");
    const POLICY: Policy = Policy::public();
    const SUMMARY: &'static str = "Verify a receipt by its code";
    const DESCRIPTION: &'static str =
        "For whoever has the paper: compare what it says. Neither who paid nor for whom is told.";
    type Parts = ();
    type Input = WithPath<schema::CodePath>;
    type Output = Reply<schema::Verified>;
    type Failure = schema::VerifyReceiptFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let code = Code::parse(input.path.code.as_str()).unwrap_or(Code::NONE);
        let mut tx = call.read_as(Scope { clinic: Some(code.clinic), ..Scope::default() });
        let handle = tx.add(db::verified(&code));
        let found = tx.commit::<schema::VerifyReceiptFailure>().await?.optional(&handle)?;
        Ok(Reply::ok(found.ok_or(schema::VerifyReceiptFailure::ReceiptNotFound)?))
    }
}
