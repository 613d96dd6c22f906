//! `export-patient-ledger`: this module's part of an export: the patient's balance, transactions, payments,
//! refunds, disputes and receipts.
//!
//! - **Hears**: `patient.export_requested`.
//! - **Writes**: `kernel.job_parts` (`billing`), `kernel.jobs`.
//! - **Given up**: the job fails with `EXPORT_FAILED`.
//! - **Round trips**: 1.

mod db;

use shared::background::{Consumer, Delivery, Halt, jobs};
use shared::failure::Fault;

/// The declaration.
#[derive(Debug)]
pub struct ExportPatientLedger;

impl Consumer for ExportPatientLedger {
    const NAME: &'static str = "export-patient-ledger";
    const SUMMARY: &'static str = "Adds what a patient paid and owes to its export";
    const KINDS: &'static [&'static str] = &["patient.export_requested"];
    type Parts = ();

    async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
        let (job, patient) = (jobs::job_of(delivery)?, delivery.id("patientId")?);
        jobs::add_part(delivery, db::add_part(delivery.clinic(), job, patient, delivery.now)).await
    }

    async fn give_up(delivery: &Delivery<'_>) -> Result<(), Fault> {
        jobs::give_up(delivery, "EXPORT_FAILED").await
    }
}
