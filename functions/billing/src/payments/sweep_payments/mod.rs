//! `sweep-payments`: finds out what became of payments that nobody has heard of, and never charges one. Refunds, which are
//! decided, it carries on.
//!
//! - **Does**: takes pending payments that are due, asks the provider with a fence (`finding_out.rs`), and
//!   writes the answer as the reply would have been written; pending refunds it asks for again (`refunds/finding_out.rs`). What the provider cannot tell is due again 1, 2, 5, 15 and 60
//!   minutes later. Of what is older than 23 hours the provider may have forgotten the key: a person must look.
//! - **Under** `payment_sweeper`, which sees when which payment and which refund is due and nothing else; each is taken, within
//!   its clinic, as `billing`.
//! - **Side by side**: to take a payment moves its due time, so that two sweepers share the work; what both find out is
//!   written once.
//! - **Deletes**: `billing.provider_events` after 60 days.
//! - **Round trips**: 1 to look, and 2 a payment or a refund.

mod db;
mod handler;

use super::provider::Provider;
use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct SweepPayments;

impl Worker for SweepPayments {
    const NAME: &'static str = "sweep-payments";
    const SUMMARY: &'static str = "Finds out what became of pending payments";
    const ROLE: &'static str = "payment_sweeper";
    const TIMEOUT: Duration = Duration::from_secs(55);
    type Parts = Provider;

    async fn step(run: &WorkerRun<'_, Provider>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
