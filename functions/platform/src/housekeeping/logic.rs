//! Pure decisions of housekeeping: how long a row is kept, and whether more rows are to be looked at.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The most rows of a kind that one statement looks at.
pub(super) const BATCH: i64 = 1000;

/// A kind of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Events,
    Keys,
    Jobs,
    Mails,
    Verifications,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 5] =
        [Self::Events, Self::Keys, Self::Jobs, Self::Mails, Self::Verifications];

    /// How long a row is kept after its end: sent and taken, expired, ended. The end of a key and of a job is the time
    /// in their own row.
    const fn kept(self) -> SignedDuration {
        match self {
            // A message lives for 14 days in its queue and for 14 in the queue of dead letters; two days are to spare.
            // An old link is answered for a while that it has expired.
            Self::Events | Self::Verifications => SignedDuration::from_hours(30 * 24),
            Self::Keys | Self::Jobs => SignedDuration::ZERO,
            Self::Mails => SignedDuration::from_hours(90 * 24),
        }
    }

    /// Rows that ended before this instant are not needed any more.
    pub(super) fn until(self, now: Timestamp) -> Timestamp {
        now - self.kept()
    }
}

/// A place among the sent events, which are looked at from the oldest on: when an event was sent, and its id.
pub(super) type Place = (Timestamp, Uuid);

/// Before all events.
pub(super) const BEGINNING: Place = (Timestamp::UNIX_EPOCH, Uuid::nil());

/// The rows of a kind that are still to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) kind: Kind,
    /// For events: the last one looked at, so that none that stays is looked at twice.
    pub(super) after: Place,
}

/// The outcome of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swept {
    /// The number of rows looked at.
    pub(super) seen: i64,
    /// The number of rows deleted.
    pub(super) gone: i64,
    /// For events: the last one looked at.
    pub(super) last: Place,
}

/// One task for each kind.
pub(super) fn tasks() -> Vec<Task> {
    Kind::ALL.into_iter().map(|kind| Task { kind, after: BEGINNING }).collect()
}

/// The rest of a task: a statement that looked at a full batch may not have seen all rows.
pub(super) fn rest(task: Task, swept: &Swept) -> Option<Task> {
    (swept.seen >= BATCH).then_some(Task { after: swept.last, ..task })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_kept_for_as_long_as_somebody_may_need_it() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(365 * 24);
        let days = |kind: Kind| now.duration_since(kind.until(now)).as_hours() / 24;
        assert_eq!(Kind::ALL.map(days), [30, 0, 0, 90, 30]);
    }

    #[test]
    fn a_task_goes_on_behind_what_was_seen_as_long_as_there_may_be_more() {
        let task = tasks()[0];
        let last = (Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1), Uuid::from_u128(1));
        let full = Swept { seen: BATCH, gone: 0, last };
        assert_eq!(rest(task, &full), Some(Task { kind: Kind::Events, after: last }));
        assert_eq!(rest(task, &Swept { seen: BATCH - 1, ..full }), None);
    }

    #[test]
    fn every_kind_is_a_task_from_its_beginning() {
        assert_eq!(tasks().iter().map(|task| task.kind).collect::<Vec<_>>(), Kind::ALL);
        assert!(tasks().iter().all(|task| task.after == BEGINNING));
    }
}
