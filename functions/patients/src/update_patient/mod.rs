//! `PATCH /api/v1/patients/{id}`: edits a patient by merge patch (RFC 7396): null clears, absent keeps.
//!
//! - **Caller**: who holds `patients:write`, with the version it read in `If-Match` (428 without, 412 when stale).
//! - **Writes**: `patients.patients`, `patients.patient_history`, audit, outbox (`patient.updated`). A patch
//!   that says what is there already writes nothing, and neither does `{}`.
//! - **Atomic**: all of it, or nothing. Of two writers on one version, one gets 412.
//! - **Fails**: `PATIENT_NOT_FOUND`, `DUPLICATE_PATIENT`, field rules; see [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use crate::patient::Patient;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithIdAndBody};

/// The declaration.
#[derive(Debug)]
pub struct UpdatePatient;

impl Endpoint for UpdatePatient {
    const NAME: &'static str = "update-patient";
    const ROUTE: Route = Route::patch("/api/v1/patients/{id}");
    const POLICY: Policy = Policy::requires(crate::WRITE_PATIENTS)
        .if_match()
        .idempotency(Idempotency::Accepted)
        .audits("patient.updated", "patient");
    const SUMMARY: &'static str = "Edit a patient";
    const DESCRIPTION: &'static str = "A merge patch (RFC 7396): null clears a field, an absent field stays as it is. \
        A patch with nothing new changes nothing: the version and its ETag stay.";
    const SUCCESS: Success = Success::ok().etag().links_to(&[Link::new("/api/v1/patients/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithIdAndBody<schema::PatientPatch>;
    type Output = Reply<Patient>;
    type Failure = schema::UpdatePatientFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
