//! `GET /api/v1/patients/{id}`: one patient.
//!
//! - **Caller**: who holds `patients:read`.
//! - **Reads**: `patients.patients`. The version is the `ETag`; `If-None-Match` gives 304.
//! - **Fails**: `PATIENT_NOT_FOUND`, alike for an archived one, another clinic's and one that never was.
//! - **Round trips**: 1.

use crate::patient::{Patient, patient};
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetPatient;

failures! {
    /// How reading a patient can fail.
    pub enum GetPatientFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::patient::PATIENT_NOT_FOUND;
    }
}

impl Endpoint for GetPatient {
    const NAME: &'static str = "get-patient";
    const ROUTE: Route = Route::get("/api/v1/patients/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_PATIENTS).shows_people("patient.read");
    const SUMMARY: &'static str = "Read a patient";
    const SUCCESS: Success = Success::ok().etag().links_to(&[Link::new("/api/v1/patients/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Patient>;
    type Failure = GetPatientFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(patient(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<GetPatientFailure>().await?.optional(&handle)?;
        let patient = found.ok_or(GetPatientFailure::PatientNotFound)?;
        call.shows(vec![patient.id])?;
        let version = patient.version;
        Ok(Reply::ok(patient).version(version))
    }
}
