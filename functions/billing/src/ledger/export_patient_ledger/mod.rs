//! `export-patient-ledger`: this module's part of an export: what the patient paid and owes.
//!
//! - **Hears**: `patient.export_requested`.
//! - **Writes**: `kernel.job_parts` (`billing`), `kernel.jobs`.
//! - **Given up**: the job fails with `EXPORT_FAILED`.
//! - **Round trips**: 1.

mod db;

use shared::consumer::{Consumer, Halt, Turn};
use shared::database::Statement;
use shared::endpoint::Sample;
use shared::failure::{Fault, NoFailure};
use shared::jobs;

/// The declaration.
#[derive(Debug)]
pub struct ExportPatientLedger;

impl Consumer for ExportPatientLedger {
    const NAME: &'static str = "export-patient-ledger";
    const SUMMARY: &'static str = "Adds what a patient paid and owes to its export";
    const KINDS: &'static [&'static str] = &["patient.export_requested"];

    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
        db::all(sample)
    }

    async fn take(turn: &Turn<'_>) -> Result<(), Halt> {
        let (job, patient) = (turn.id("jobId")?, turn.id("patientId")?);
        let mut effect = turn.begin();
        effect.add(jobs::advance(turn, job));
        effect.add(db::add_part(turn.clinic(), job, patient, turn.now));
        turn.commit(effect).await?;
        Ok(())
    }

    async fn give_up(turn: &Turn<'_>) -> Result<(), Fault> {
        let mut tx = turn.prepare();
        tx.add(jobs::fail(turn, turn.id("jobId")?, "EXPORT_FAILED"));
        tx.commit::<NoFailure>().await?;
        Ok(())
    }
}
