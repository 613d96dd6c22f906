use super::db;
use crate::payments::finding_out::{Waiting, find_out};
use crate::payments::provider::Provider;
use crate::payments::settling::Step;
use crate::refunds;
use jiff::SignedDuration;
use shared::background::sweep::{Rows, Sweep, sweep};
use shared::background::{Progress, WorkerRun};
use shared::database::Statement;
use shared::failure::{Fault, NoFailure};
use shared::telemetry::Trace;
use std::time::Duration;
use uuid::Uuid;

/// With less time than this left of the run no payment is taken: the provider is asked three times at most.
const ENOUGH: Duration = Duration::from_secs(12);

const SWEEPS: [Sweep; 1] =
    [Sweep { retention: SignedDuration::from_hours(60 * 24), rows: Rows::All(db::delete_events) }];

/// What is due: a payment, or a refund.
enum Due {
    Payment(Uuid, Uuid),
    Refund(Uuid, Uuid),
}

/// Takes payments and refunds that are due, one after the other. Without any, deletes old events.
pub(super) async fn step(run: &WorkerRun<'_, Provider>) -> Result<Progress, Fault> {
    let due = due(run).await?;
    if due.is_empty() {
        return sweep(run, &SWEEPS).await;
    }
    let (mut done, mut failed) = (0, None);
    for one in due {
        if run.left() < ENOUGH {
            break;
        }
        // One that fails holds up no other.
        let looked = match one {
            Due::Payment(clinic, payment) => look_at(run, clinic, payment).await,
            Due::Refund(clinic, refund) => carry_on(run, clinic, refund).await,
        };
        match looked {
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

/// What is due, payments and refunds in turn: many of the one hold up none of the other.
async fn due(run: &WorkerRun<'_, Provider>) -> Result<Vec<Due>, Fault> {
    let mut tx = run.read();
    let payments = tx.add(db::due(run.now()));
    let refunds = tx.add(db::due_refunds(run.now()));
    let done = tx.commit::<NoFailure>().await.map_err(Fault::from)?;
    let mut payments = done.many(&payments)?.into_iter().map(|(clinic, id)| Due::Payment(clinic, id));
    let mut refunds = done.many(&refunds)?.into_iter().map(|(clinic, id)| Due::Refund(clinic, id));
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(payments.next());
        all.extend(refunds.next());
        if all.len() == before {
            return Ok(all);
        }
    }
}

/// Takes one refund, carries it on, and writes what became of it.
async fn carry_on(run: &WorkerRun<'_, Provider>, clinic: Uuid, refund: Uuid) -> Result<(), Fault> {
    let mut tx = run.write();
    tx.add(db::become_billing());
    tx.enter(clinic);
    let handle = tx.add(db::take_refund(clinic, refund, run.now()));
    let taken = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&handle)?;
    let Some(standing) = taken else { return Ok(()) };
    let found = refunds::find_out(run.parts, &standing, run.now(), run.deadline()).await;
    let statements = found.statements(&standing, &new_step(run)?);
    write(run, clinic, statements).await
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
    let statement = found.statement(&standing, &new_step(run)?);
    write(run, clinic, statement.into_iter().collect()).await
}

fn new_step(run: &WorkerRun<'_, Provider>) -> Result<Step, Fault> {
    let at = run.now();
    let trace = Trace::continue_from(None, run.app.ids.as_ref(), at);
    Step::new(at, trace.traceparent(), || run.new_id())
}

async fn write(
    run: &WorkerRun<'_, Provider>,
    clinic: Uuid,
    statements: Vec<Statement<()>>,
) -> Result<(), Fault> {
    if statements.is_empty() {
        return Ok(());
    }
    let mut tx = run.write().repeatable();
    tx.add(db::become_billing());
    tx.enter(clinic);
    for statement in statements {
        tx.add(statement);
    }
    tx.commit::<NoFailure>().await.map(drop).map_err(Fault::from)
}
