//! `seal-ledger`: sums up what was booked by hashes, so that a change behind the program's back is found out
//! (`cargo run -- ledger verify`).
//!
//! - **Does**, for each clinic that has booked something: one seal over up to 200 patients with up to 500 entries each, and
//!   another one at once when that left something over. A patient's entries are sealed from the first one on, without a gap:
//!   an entry behind one that is not there, or not there yet, waits for it.
//! - **Finds** what is new by its time, from an hour before the last seal on: whatever was written by then is there by now. Once
//!   a day, each clinic at a minute of its own, it looks at all places of all patients, whatever the times say.
//! - **Under** `ledger_sealer`, which sees up to which place entries are there and are sealed, and nothing of what they say;
//!   each clinic is sealed, within it, as `billing`.
//! - **Side by side**: of two sealers of a clinic one seals, and the other one does nothing; no request waits for either.
//! - **Tells** the log the hash of each seal, which is the evidence once it is kept elsewhere.
//! - **Round trips**: 1 for each hundred clinics, and 1 a seal.

mod db;
mod handler;

use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct SealLedger;

impl Worker for SealLedger {
    const NAME: &'static str = "seal-ledger";
    const SUMMARY: &'static str = "Seals what was booked, so that a change of it is found out";
    const ROLE: &'static str = "ledger_sealer";
    const TIMEOUT: Duration = Duration::from_secs(55);
    type Parts = ();

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
