//! `housekeeping`: deletes rows that nobody needs any more, in all clinics.
//!
//! - **Does**: goes over five kinds of rows by turns, a thousand rows of a kind at a time, until none is left or the
//!   time is nearly over:
//!   - events, in `kernel.outbox` and `kernel.inbox` together, thirty days after they were last sent and last taken. An
//!     event that some consumer has not taken stays, and so does a dead letter;
//!   - expired `kernel.idempotency_keys`, and expired `kernel.jobs` with their parts, in whatever state;
//!   - `kernel.rate_buckets` that have been full for an hour;
//!   - `kernel.mails` that ended ninety days ago: a bounce comes within days.
//! - **Keeps**: the order of streams and the one effect of each event; `migrations/V0010__housekeeping.sql` says why.
//!   The role's policies refuse to delete a row before its time, whatever the statements say.
//! - **Side by side**: a housekeeper steps over locked rows, so that nobody waits for it, and two of them share the
//!   work.
//! - **Failures**: a failure at one kind holds up no other kind. The run fails in the end, so that the alarm rings, and
//!   the next run tries again.
//! - **Leaves alone**: the audit log, everything of the trade, and deliveries and secrets of webhooks, which
//!   `deliver-webhooks` deletes. What a module deletes of its own it declares itself, with a worker of its own.
//! - **Round trips**: 1 for each thousand rows of a kind.

mod db;

use jiff::SignedDuration;
use shared::background::sweep::{Rows, Sweep, sweep};
use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

/// What goes, and how long it is kept after its end. The end of a key and of a job is the time in their own row. A message
/// lives for 14 days in its queue and for 14 in the queue of dead letters; two days are to spare.
const SWEEPS: [Sweep; 5] = [
    Sweep { retention: days(30), rows: Rows::Unneeded(db::delete_events) },
    Sweep { retention: SignedDuration::ZERO, rows: Rows::All(db::delete_keys) },
    Sweep { retention: SignedDuration::ZERO, rows: Rows::All(db::delete_jobs) },
    Sweep { retention: days(90), rows: Rows::All(db::delete_mails) },
    Sweep { retention: SignedDuration::from_hours(1), rows: Rows::All(db::delete_buckets) },
];

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}

/// The declaration.
#[derive(Debug)]
pub struct Housekeeping;

impl Worker for Housekeeping {
    const NAME: &'static str = "housekeeping";
    const SUMMARY: &'static str = "Deletes what nobody needs any more";
    const ROLE: &'static str = "housekeeper";
    const EVERY: Duration = Duration::from_hours(1);
    type Parts = ();

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        sweep(run, &SWEEPS).await
    }
}
