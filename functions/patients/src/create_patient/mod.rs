//! `POST /api/v1/patients`: adds a patient.
//!
//! - **Caller**: who holds `patients:write`. An `Idempotency-Key` is honoured when sent.
//! - **Writes**: `patients.patients`, `patients.patient_history`, audit, outbox (`patient.created`).
//! - **Atomic**: all of it with the key's claim and the stored reply, or nothing.
//! - **Fails**: `DUPLICATE_PATIENT` (of twenty at once with one document, one is made), field rules; see
//!   [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use crate::patient::Patient;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct CreatePatient;

impl Endpoint for CreatePatient {
    const NAME: &'static str = "create-patient";
    const ROUTE: Route = Route::post("/api/v1/patients");
    const POLICY: Policy = Policy::requires(crate::WRITE_PATIENTS)
        .idempotency(Idempotency::Accepted)
        .audits("patient.created", "patient");
    const SUMMARY: &'static str = "Add a patient";
    const SUCCESS: Success =
        Success::created().etag().links_to(&[Link::new("/api/v1/patients/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithBody<schema::NewPatient>;
    type Output = Reply<Patient>;
    type Failure = schema::CreatePatientFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
