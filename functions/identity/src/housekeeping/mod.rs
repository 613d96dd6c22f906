//! `identity-housekeeping`: deletes proofs of addresses, sessions and invitations that nobody needs any more, in all clinics.
//!
//! - **Does**: deletes `identity.email_verifications` that expired thirty days ago, used or not, and `identity.sessions`
//!   that have been over for thirty days, with their refresh tokens, a thousand at a time. An old link is answered for a
//!   while that it has expired, and an old refresh token that its session is over.
//!   Links to choose a new password go a day after their end, and requests for such links after a day, should nobody have
//!   looked whose they are. `identity.invitations` go thirty days after their end.
//! - **Keeps**: the role's policies refuse to delete a row before its time, whatever the statement says.
//! - **Side by side**: a housekeeper steps over locked rows, and two of them share the work.
//! - **Round trips**: 1 for each thousand rows.

mod db;

use jiff::SignedDuration;
use shared::background::sweep::{Rows, Sweep, sweep};
use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A link to choose a new password is good for half an hour.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

const SWEEPS: [Sweep; 5] = [
    Sweep { retention: RETENTION, rows: Rows::All(db::delete_verifications) },
    Sweep { retention: RETENTION, rows: Rows::All(db::delete_sessions) },
    Sweep { retention: RETENTION, rows: Rows::All(db::delete_invitations) },
    Sweep { retention: A_DAY, rows: Rows::All(db::delete_resets) },
    Sweep { retention: A_DAY, rows: Rows::All(db::delete_reset_requests) },
];

/// The declaration.
#[derive(Debug)]
pub struct IdentityHousekeeping;

impl Worker for IdentityHousekeeping {
    const NAME: &'static str = "identity-housekeeping";
    const SUMMARY: &'static str = "Deletes old proofs of addresses, sessions and invitations";
    const ROLE: &'static str = "identity_housekeeper";
    const EVERY: Duration = Duration::from_hours(1);
    type Parts = ();

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        sweep(run, &SWEEPS).await
    }
}
