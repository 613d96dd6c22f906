//! `POST /api/v1/patients/{id}/export`: everything that is held about a patient, as a job.
//!
//! - **Does**: queues a job. Each module that holds something about the patient adds a part, by a consumer of
//!   `patient.export_requested`. LGPD Art. 18 and GDPR Art. 15 and 20 give the person a right to the export.
//! - **Caller**: who holds `patients:export`. An archived patient is exported like any other.
//! - **Writes**: `kernel.jobs`, audit, outbox.
//! - **Atomic**: all of it, or nothing.
//! - **Fails**: `PATIENT_NOT_FOUND`.
//! - **Round trips**: 1.

mod db;

use crate::exporters::EXPORTERS;
use shared::background::jobs::{self, Job, NewJob};
use shared::failure::{Error, Fault};
use shared::failures;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, RateClass, Reply, Route, Success, WithId};
use shared::limits::{Asked, Of, Rule};

/// The event by which every module hears that its data about a patient is wanted.
pub const REQUESTED: &str = "patient.export_requested";

/// What one member may ask for.
const EXPORT: Rule = Rule::new("export", 5, 3_600, Of::Member);

/// The declaration.
#[derive(Debug)]
pub struct ExportPatient;

failures! {
    /// How asking for an export can fail.
    pub enum ExportPatientFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::patient::PATIENT_NOT_FOUND, violates ["patient_exists"];
    }
}

impl Endpoint for ExportPatient {
    const NAME: &'static str = "export-patient";
    const ROUTE: Route = Route::post("/api/v1/patients/{id}/export");
    const POLICY: Policy = Policy::requires(crate::EXPORT_PATIENTS)
        .verified()
        .idempotency(Idempotency::Accepted)
        .audits("patient.export_requested", "patient")
        .limit(RateClass::Strict(&[EXPORT], Asked::First))
        .round_trips(2);
    const SUMMARY: &'static str = "Export everything about a patient";
    const DESCRIPTION: &'static str = "Queues a job; its result has one member for each module that holds something \
        about the patient. Nothing about anybody else is in it.";
    const SUCCESS: Success = Success::accepted().links_to(&[Link::new("/api/v1/jobs/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Job>;
    type Failure = ExportPatientFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, user, patient) = (caller.clinic_id, caller.user_id, input.path.id.into());
        let about = ("patientId", patient);
        let total =
            i64::try_from(EXPORTERS.len()).map_err(|_| Fault::internal("more parts than a job has"))?;
        let new = NewJob { id: call.new_id(), kind: "patient.export", total, event: REQUESTED, about };
        let mut tx = call.write()?;
        tx.add(db::ensure_patient(clinic, patient));
        for statement in jobs::queue(call, clinic, user, &new) {
            tx.add(statement);
        }
        tx.add(call.audit_about(patient, patient)?);
        let stored = tx.commit_with_reply::<_, ExportPatientFailure>(jobs::job(clinic, user, new.id)).await?;
        Ok(Reply::accepted(stored.data.location(), stored.data).replayed(stored.replayed))
    }
}
