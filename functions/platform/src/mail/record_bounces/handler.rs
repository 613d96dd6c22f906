use super::logic;
use crate::mail::returns::{self, BounceReport};
use shared::background::{Progress, WorkerRun};
use shared::failure::{Fault, NoFailure};
use shared::mail::{Notice, Notices};

/// Receives, notes, deletes.
pub(super) async fn step(run: &WorkerRun<'_, Notices>) -> Result<Progress, Fault> {
    let received = run.parts.receive().await?;
    if received.is_empty() {
        return Ok(Progress::Idle);
    }
    let (mut done, mut report) = (Vec::new(), Vec::new());
    for notice in &received {
        match logic::read(&notice.body) {
            Ok(Some(returned)) => report.push((notice, returned)),
            Ok(None) => done.push(notice),
            Err(logic::NoNotice) => {}
        }
    }
    done.extend(note(run, report).await?);
    run.parts.delete(&done).await?;
    Ok(Progress::Done(done.len()))
}

/// Notes what the notices say; the notices that need not come again.
async fn note<'a>(
    run: &WorkerRun<'_, Notices>,
    mut report: Vec<(&'a Notice, BounceReport)>,
) -> Result<Vec<&'a Notice>, Fault> {
    if report.is_empty() {
        return Ok(Vec::new());
    }
    report.sort_by_key(|(_, report)| report.place());
    let mut tx = run.write();
    let states: Vec<_> = report.iter().map(|(_, report)| returns::note(&mut tx, report, run.now())).collect();
    let rows = tx.commit::<NoFailure>().await.map_err(Fault::from)?;
    let mut settled = Vec::new();
    for ((notice, _), state) in report.into_iter().zip(states) {
        if logic::is_settled(rows.optional(&state)?.as_deref()) {
            settled.push(notice);
        }
    }
    Ok(settled)
}
