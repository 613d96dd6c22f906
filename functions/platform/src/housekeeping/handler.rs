use super::db;
use super::logic::{self, Swept, Task};
use crate::subscription::subscriptions;
use shared::background::{Progress, WorkerRun};
use shared::failure::{Fault, NoFailure};
use std::time::Duration;

/// With less time than this left of the run no batch is begun.
const ENOUGH: Duration = Duration::from_secs(2);

/// Goes over all kinds by turns, so that no kind waits for the end of another. A kind that fails is left for the next
/// run.
pub(super) async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
    let mut tasks = logic::tasks();
    let (mut gone, mut failed) = (0, None);
    while !tasks.is_empty() && run.left() > ENOUGH {
        let mut rest = Vec::new();
        for task in tasks {
            match sweep(run, task).await {
                Ok(swept) => {
                    gone += swept.gone;
                    rest.extend(logic::rest(task, &swept));
                }
                Err(fault) => drop(failed.get_or_insert(fault)),
            }
        }
        tasks = rest;
    }
    match (failed, usize::try_from(gone).unwrap_or_default()) {
        (Some(fault), _) => Err(fault),
        (None, 0) => Ok(Progress::Idle),
        (None, gone) => Ok(Progress::Done(gone)),
    }
}

/// Deletes one batch.
async fn sweep(run: &WorkerRun<'_>, task: Task) -> Result<Swept, Fault> {
    let mut tx = run.write();
    let swept = tx.add(db::sweep(task, subscriptions()?, run.now()));
    let done = tx.commit::<NoFailure>().await.map_err(Fault::from)?;
    Ok(done.optional(&swept)?.unwrap_or(Swept { seen: 0, gone: 0, last: task.after }))
}
