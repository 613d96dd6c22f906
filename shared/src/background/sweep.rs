//! Sweeps: a module declares which of its rows nobody needs any more, and a worker of the module deletes them, under a
//! role of its own that can do no more. `functions/identity/src/housekeeping` is one to copy.

use super::{Progress, WorkerRun};
use crate::database::Statement;
use crate::failure::{Fault, NoFailure};
use crate::parts::Parts;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// The most rows that one statement looks at.
pub const BATCH: i64 = 1000;

/// With less time than this left of the run no batch is begun.
const ENOUGH: Duration = Duration::from_secs(2);

/// A kind of rows that go.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// How long a row is kept after its end.
    pub retention: SignedDuration,
    /// Which of the rows that ended by then go.
    pub rows: Rows,
}

/// Which rows go, as the statement that deletes some of them. It steps over rows that somebody has locked.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// All of them. The statement takes the instant as `$1` and [`BATCH`] as `$2`, and gives the numbers of rows that it
    /// has `seen` and that are `gone`.
    All(fn() -> Statement<()>),
    /// Those that nothing else needs, among [`BATCH`] rows that ended by that instant, behind that place.
    Unneeded(fn(Timestamp, Place) -> Result<Statement<Swept>, Fault>),
}

/// A place among rows that are looked at from the oldest on: when a row ended, and its id.
pub type Place = (Timestamp, Uuid);

/// Before all rows.
pub const BEGINNING: Place = (Timestamp::UNIX_EPOCH, Uuid::nil());

/// The outcome of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// The number of rows looked at.
    pub seen: i64,
    /// The number of rows deleted.
    pub gone: i64,
    /// The last row looked at, where rows may stay and would be looked at again; else the beginning.
    pub last: Place,
}

/// Goes over all kinds by turns, so that no kind waits for the end of another, until no row is left to go or the run's
/// time is nearly over. A kind that fails holds up no other, is left for the next run, and fails this run in the end.
pub async fn sweep<P: Parts>(run: &WorkerRun<'_, P>, sweeps: &[Sweep]) -> Result<Progress, Fault> {
    let mut tasks: Vec<(&Sweep, Place)> = sweeps.iter().map(|sweep| (sweep, BEGINNING)).collect();
    let (mut gone, mut failed) = (0, None);
    while !tasks.is_empty() && run.left() > ENOUGH {
        let mut rest = Vec::new();
        for (sweep, after) in tasks {
            match delete(run, sweep, after).await {
                Ok(swept) => {
                    gone += swept.gone;
                    rest.extend(more(&swept).map(|place| (sweep, place)));
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
async fn delete<P: Parts>(run: &WorkerRun<'_, P>, sweep: &Sweep, after: Place) -> Result<Swept, Fault> {
    let mut tx = run.write();
    let until = run.now() - sweep.retention;
    let swept = tx.add(match sweep.rows {
        Rows::All(statement) => statement().bind(until).bind(BATCH).decode(|columns| {
            Ok(Swept { seen: columns.get("seen")?, gone: columns.get("gone")?, last: BEGINNING })
        }),
        Rows::Unneeded(statement) => statement(until, after)?,
    });
    let done = tx.commit::<NoFailure>().await.map_err(Fault::from)?;
    Ok(done.optional(&swept)?.unwrap_or(Swept { seen: 0, gone: 0, last: after }))
}

/// Where to go on: a statement that looked at a full batch may not have seen all rows.
fn more(swept: &Swept) -> Option<Place> {
    (swept.seen >= BATCH).then_some(swept.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_goes_on_behind_what_was_seen_as_long_as_there_may_be_more() {
        let last = (Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1), Uuid::from_u128(1));
        let full = Swept { seen: BATCH, gone: 0, last };
        assert_eq!(more(&full), Some(last));
        assert_eq!(more(&Swept { seen: BATCH - 1, ..full }), None);
    }
}
