use super::db::{self, Due, Seal};
use shared::background::{Progress, WorkerRun};
use shared::failure::{Fault, NoFailure};
use shared::telemetry::VERSION;
use std::time::Duration;
use uuid::Uuid;

/// With less time than this left of the run no seal is begun.
const ENOUGH: Duration = Duration::from_secs(12);

/// Seals each clinic that has something to seal, one after the other.
pub(super) async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
    let (mut done, mut failed, mut after) = (0, None, Uuid::nil());
    loop {
        let mut tx = run.read();
        let handle = tx.add(db::due(after, run.now()));
        let due = tx.commit::<NoFailure>().await.map_err(Fault::from)?.many(&handle)?;
        for clinic in &due {
            if run.left() < ENOUGH {
                break;
            }
            // One clinic that fails holds up no other.
            match seal(run, clinic).await {
                Ok(sealed) => done += usize::from(sealed),
                Err(fault) => drop(failed.get_or_insert(fault)),
            }
        }
        let has_more = i64::try_from(due.len()).is_ok_and(|count| count == db::BATCH);
        match due.last().filter(|_| has_more && run.left() >= ENOUGH) {
            Some(last) => after = last.clinic,
            None => break,
        }
    }
    match failed {
        Some(fault) if done == 0 => Err(fault),
        _ if done == 0 => Ok(Progress::Idle),
        _ => Ok(Progress::Done(done)),
    }
}

/// Makes the clinic's next seal; false when another sealer is at it or was quicker.
async fn seal(run: &WorkerRun<'_>, due: &Due) -> Result<bool, Fault> {
    let mut tx = run.write();
    tx.add(db::become_billing());
    tx.enter(due.clinic);
    let handle = tx.add(db::seal(due, run.now()));
    let sealed = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&handle)?;
    if let Some(seal) = &sealed {
        tell(due.clinic, seal);
    }
    Ok(sealed.is_some())
}

/// The line by which a seal is known outside the database.
fn tell(clinic: Uuid, seal: &Seal) {
    tracing::info!(
        target: "grafono",
        event = "ledger.sealed",
        "clinicId" = clinic.to_string(),
        seal = seal.number,
        hash = seal.hash,
        entries = seal.entries,
        version = VERSION,
        "the ledger is sealed"
    );
}
