use super::db;
use crate::payments::finding_out::{Waiting, find_out};
use crate::payments::found::Found;
use crate::payments::provider::Provider;
use crate::payments::settling::Step;
use crate::payments::standing::Standing;
use jiff::SignedDuration;
use shared::background::sweep::{Rows, Sweep, sweep};
use shared::background::{Progress, WorkerRun};
use shared::failure::{Fault, NoFailure};
use shared::telemetry::Trace;
use std::time::Duration;
use uuid::Uuid;

/// With less time than this left of the run no payment is taken: the provider is asked three times at most.
const ENOUGH: Duration = Duration::from_secs(12);

const SWEEPS: [Sweep; 1] =
    [Sweep { retention: SignedDuration::from_hours(60 * 24), rows: Rows::All(db::delete_events) }];

/// Takes payments that are due, one after the other. Without any, deletes old events.
pub(super) async fn step(run: &WorkerRun<'_, Provider>) -> Result<Progress, Fault> {
    let mut tx = run.read();
    let handle = tx.add(db::due(run.now()));
    let due = tx.commit::<NoFailure>().await.map_err(Fault::from)?.many(&handle)?;
    if due.is_empty() {
        return sweep(run, &SWEEPS).await;
    }
    let (mut done, mut failed) = (0, None);
    for (clinic, payment) in due {
        if run.left() < ENOUGH {
            break;
        }
        // One payment that fails holds up no other.
        match look_at(run, clinic, payment).await {
            Ok(()) => done += 1,
            Err(fault) => drop(failed.get_or_insert(fault)),
        }
    }
    match failed {
        Some(fault) if done == 0 => Err(fault),
        _ if done == 0 => Ok(Progress::Idle),
        _ => Ok(Progress::Done(done)),
    }
}

/// Takes one payment, finds out what became of it, and writes that.
async fn look_at(run: &WorkerRun<'_, Provider>, clinic: Uuid, payment: Uuid) -> Result<(), Fault> {
    let mut tx = run.write();
    tx.add(db::become_billing());
    tx.enter(clinic);
    let handle = tx.add(db::take(clinic, payment, run.now()));
    let taken = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&handle)?;
    let Some(standing) = taken else { return Ok(()) };
    let found = find_out(run.parts, &standing, Waiting::GoesOn, run.now(), run.deadline()).await;
    write(run, &standing, found).await
}

async fn write(run: &WorkerRun<'_, Provider>, standing: &Standing, found: Found) -> Result<(), Fault> {
    let at = run.now();
    let trace = Trace::continue_from(None, run.app.ids.as_ref(), at);
    let step = Step::new(at, trace.traceparent(), || run.new_id())?;
    let Some(statement) = found.statement(standing, &step) else { return Ok(()) };
    let mut tx = run.write().repeatable();
    tx.add(db::become_billing());
    tx.enter(standing.clinic);
    tx.add(statement);
    tx.commit::<NoFailure>().await.map(drop).map_err(Fault::from)
}
