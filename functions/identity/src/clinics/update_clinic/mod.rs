//! `PATCH /api/v1/clinic`: edits the caller's own clinic by merge patch (RFC 7396): absent keeps, and nothing but
//! `providerAccount` and what receipts show (`legalName`, `document`, `address`, `councilNumber`) can be cleared.
//!
//! - **Caller**: who holds `clinic:write`, with the version it read in `If-Match` (428 without, 412 when stale).
//! - **Writes**: `identity.clinics`, audit. A patch that says what is there already writes nothing, and neither does `{}`.
//!   What other modules read in `identity.published_clinics` is the new version at once.
//! - **Atomic**: all of it, or nothing. Of two writers on one version, one gets 412. A change of currency and a first
//!   transaction wait for each other: whoever is second is refused.
//! - **Fails**: `CURRENCY_FIXED`, `ACCOUNT_IS_THE_OWNERS`, field rules; see [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use crate::clinics::ClinicSettings;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Policy, Reply, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct UpdateClinic;

impl Endpoint for UpdateClinic {
    const NAME: &'static str = "update-clinic";
    const ROUTE: Route = Route::patch("/api/v1/clinic");
    const POLICY: Policy = Policy::requires(crate::WRITE_CLINIC)
        .if_match()
        .idempotency(Idempotency::Accepted)
        .audits("clinic.updated", "clinic");
    const SUMMARY: &'static str = "Edit the own clinic";
    const DESCRIPTION: &'static str = "A merge patch (RFC 7396): an absent field stays as it is, and none but \
        `providerAccount`, `legalName`, `document`, `address` and `councilNumber` can be cleared. A patch with nothing new \
        changes nothing: the version and its ETag stay. The currency stays once money was recorded in it. Receipts show the \
        clinic as it was when they were made out.";
    const SUCCESS: Success = Success::ok().etag();
    type Parts = ();
    type Input = WithBody<schema::ClinicPatch>;
    type Output = Reply<ClinicSettings>;
    type Failure = schema::UpdateClinicFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
