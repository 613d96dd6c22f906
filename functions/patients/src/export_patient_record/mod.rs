//! `export-patient-record`: this module's part of an export: the patient and the history.
//!
//! - **Hears**: `patient.export_requested`.
//! - **Writes**: `kernel.job_parts` (`patients`), `kernel.jobs`.
//! - **Leaves out**: the editors of the patient; their names are about somebody else.
//! - **Given up**: the job fails with `EXPORT_FAILED`.
//! - **Round trips**: 1.

mod db;

use shared::background::{Consumer, Delivery, Halt, jobs};
use shared::failure::Fault;

/// The declaration.
#[derive(Debug)]
pub struct ExportPatientRecord;

impl Consumer for ExportPatientRecord {
    const NAME: &'static str = "export-patient-record";
    const SUMMARY: &'static str = "Adds who a patient is, and was, to its export";
    const KINDS: &'static [&'static str] = &[crate::export_patient::REQUESTED];
    type Parts = ();

    async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
        let (job, patient) = (jobs::job_of(delivery)?, delivery.id("patientId")?);
        jobs::add_part(delivery, db::add_part(delivery.clinic(), job, patient, delivery.now)).await
    }

    async fn give_up(delivery: &Delivery<'_>) -> Result<(), Fault> {
        jobs::give_up(delivery, "EXPORT_FAILED").await
    }
}
