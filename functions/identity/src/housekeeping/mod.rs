//! `identity-housekeeping`: deletes proofs of addresses that nobody needs any more, in all clinics.
//!
//! - **Does**: deletes `identity.email_verifications` that expired thirty days ago, used or not, a thousand at a time. An
//!   old link is answered for a while that it has expired.
//! - **Keeps**: the role's policies refuse to delete a row before its time, whatever the statement says.
//! - **Side by side**: a housekeeper steps over locked rows, and two of them share the work.
//! - **Round trips**: 1 for each thousand rows.

mod db;

use jiff::SignedDuration;
use shared::background::sweep::{Rows, Sweep, sweep};
use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

const SWEEPS: [Sweep; 1] =
    [Sweep { retention: SignedDuration::from_hours(30 * 24), rows: Rows::All(db::delete_verifications) }];

/// The declaration.
#[derive(Debug)]
pub struct IdentityHousekeeping;

impl Worker for IdentityHousekeeping {
    const NAME: &'static str = "identity-housekeeping";
    const SUMMARY: &'static str = "Deletes old proofs of addresses";
    const ROLE: &'static str = "identity_housekeeper";
    const EVERY: Duration = Duration::from_hours(1);
    type Parts = ();

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        sweep(run, &SWEEPS).await
    }
}
