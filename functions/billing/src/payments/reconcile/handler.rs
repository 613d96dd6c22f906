use super::{db, logic};
use crate::payments::alarm::alarm;
use crate::payments::provider::{Intent, Provider};
use jiff::SignedDuration;
use logic::{Row, Window};
use shared::background::{Progress, WorkerRun};
use shared::failure::{Fault, NoFailure};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far back it looks: a day, and an hour more than the time from run to run.
const BACK: SignedDuration = SignedDuration::from_hours(25);

/// What is younger may still be found out.
const SETTLED_BY: SignedDuration = SignedDuration::from_mins(15);

/// What our clock and the provider's may differ by, and the time that a request takes.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Compares the whole window, account by account.
pub(super) async fn step(run: &WorkerRun<'_, Provider>) -> Result<Progress, Fault> {
    if !run.parts.is_set_up() {
        return Ok(Progress::Idle);
    }
    let window = Window { from: run.now() - BACK, before: run.now() - SETTLED_BY };
    let read = Window { from: window.from - SLACK, before: window.before + SLACK };
    let mut by_account: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::from([(None, Vec::new())]);
    for row in payments(run, read).await? {
        by_account.entry(row.account.clone()).or_default().push(row);
    }
    for (account, rows) in by_account {
        let intents = intents(run, account.as_deref(), read).await?;
        for found in logic::compare(&intents, &rows, window) {
            alarm("does_not_fit", found.clinic, found.payment, found.what);
        }
    }
    Ok(Progress::Idle)
}

/// Our payments of that time.
async fn payments(run: &WorkerRun<'_, Provider>, read: Window) -> Result<Vec<Row>, Fault> {
    let (mut all, mut place) = (Vec::new(), (read.from - SLACK, Uuid::nil(), Uuid::nil()));
    loop {
        let mut tx = run.read();
        let handle = tx.add(db::payments(read, place));
        let rows = tx.commit::<NoFailure>().await.map_err(Fault::from)?.many(&handle)?;
        let has_more = i64::try_from(rows.len()).is_ok_and(|count| count == db::BATCH);
        if let Some(row) = rows.last() {
            place = (row.asked_at, row.clinic, row.id);
        }
        all.extend(rows);
        if !has_more {
            return Ok(all);
        }
    }
}

/// The provider's payments of this deployment and of that time.
async fn intents(
    run: &WorkerRun<'_, Provider>,
    account: Option<&str>,
    read: Window,
) -> Result<Vec<Intent>, Fault> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = run.parts.list(account, read.from, read.before, after.as_deref(), run.deadline()).await?;
        all.extend(page.intents);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let deployment = run.parts.deployment();
    all.retain(|intent| intent.deployment.as_deref() == Some(deployment));
    Ok(all)
}
