//! `reconcile`: holds our payments against the provider's list and the ledger. It raises alarms and mends nothing: what does not
//! fit is for a person.
//!
//! - **Does**, for what was asked for within the last 25 hours and is older than a quarter of an hour: reads the provider's list of
//!   each account, and compares every payment of this deployment with our row, amount, currency, state and transfer
//!   (`logic.rs`).
//! - **Calls**: the provider, a page at a time. When it does not answer, the run fails, and the next one compares again: the
//!   window is as long as a day.
//! - **Under** `payment_reconciler`, which reads amounts and states in all clinics, nothing of people, and changes nothing.
//! - **Alarms**: a log line a payment, each time it is seen not to fit.
//! - **Round trips**: 1 for each clinic's account and each thousand payments.

mod db;
mod handler;
mod logic;

use super::provider::Provider;
use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct Reconcile;

impl Worker for Reconcile {
    const NAME: &'static str = "reconcile";
    const SUMMARY: &'static str = "Holds payments against the provider's list and the ledger";
    const ROLE: &'static str = "payment_reconciler";
    const EVERY: Duration = Duration::from_hours(1);
    const TIMEOUT: Duration = Duration::from_mins(5);
    type Parts = Provider;

    async fn step(run: &WorkerRun<'_, Provider>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
