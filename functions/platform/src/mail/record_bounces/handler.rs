use super::logic;
use crate::mail::returns::{self, Told};
use shared::failure::{Fault, NoFailure};
use shared::queues::Notice;
use shared::worker::{Progress, Shift};

/// Receives, notes, deletes.
pub(super) async fn step(shift: &Shift<'_>) -> Result<Progress, Fault> {
    let Some(queue) = shift.app.mail_notices() else { return Ok(Progress::Idle) };
    let received = queue.receive().await?;
    if received.is_empty() {
        return Ok(Progress::Idle);
    }
    let (mut done, mut told) = (Vec::new(), Vec::new());
    for notice in &received {
        match logic::read(&notice.body) {
            Ok(Some(returned)) => told.push((notice, returned)),
            Ok(None) => done.push(notice),
            Err(logic::NoNotice) => {}
        }
    }
    done.extend(note(shift, told).await?);
    queue.delete(&done).await?;
    Ok(Progress::Done(done.len()))
}

/// The notices that need not come again.
async fn note<'a>(shift: &Shift<'_>, mut told: Vec<(&'a Notice, Told)>) -> Result<Vec<&'a Notice>, Fault> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    told.sort_by_key(|(_, told)| told.place());
    let mut tx = shift.write();
    let states: Vec<_> = told.iter().map(|(_, told)| returns::note(&mut tx, told, shift.now())).collect();
    let rows = tx.commit::<NoFailure>().await.map_err(Fault::from)?;
    let mut settled = Vec::new();
    for ((notice, _), state) in told.into_iter().zip(states) {
        if logic::is_settled(rows.optional(&state)?.as_deref()) {
            settled.push(notice);
        }
    }
    Ok(settled)
}
