//! `housekeeping`: deletes what nobody needs any more, in all clinics.
//!
//! - **Does**: goes over five kinds of rows by turns, a thousand of each at a time, until nothing is left of any or the
//!   time is nearly over:
//!   - events, in `kernel.outbox` and `kernel.inbox` together, thirty days after they were last sent and last taken. One
//!     that somebody has not taken, or that is a dead letter, stays;
//!   - `kernel.idempotency_keys` and `kernel.jobs` once they have expired, parts and all, whatever has become of the job;
//!   - `kernel.mails` that ended ninety days ago: a bounce comes within days;
//!   - `identity.email_verifications` thirty days after they expired, used or not.
//! - **Keeps**: the order of streams and the one effect of each event. `migrations/V0010__housekeeping.sql` says why; the
//!   role's policies refuse what is not over yet, whatever the statements say.
//! - **Side by side**: rows that somebody has locked are stepped over, so that nobody waits for a housekeeper, and two of
//!   them share the work.
//! - **Failures**: of one kind holds up no other. The run fails in the end, so that the alarm rings, and the next one
//!   tries again.
//! - **Leaves alone**: the audit log, everything of the trade, and what `deliver-webhooks` tidies.
//! - **Round trips**: 1 for each thousand rows of a kind.

mod db;
mod handler;
mod logic;

use shared::background::{Progress, Worker, WorkerRun};
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Sample;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct Housekeeping;

impl Worker for Housekeeping {
    const NAME: &'static str = "housekeeping";
    const SUMMARY: &'static str = "Deletes what nobody needs any more";
    const ROLE: &'static str = "housekeeper";
    const EVERY: Duration = Duration::from_hours(1);

    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
        db::all(sample)
    }

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
