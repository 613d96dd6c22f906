//! `record-bounces`: notes on a mail that it came back, or that its recipient complained.
//!
//! - **Does**: receives SES's notices from a plain queue, which an SNS topic sends into; notes them; deletes them
//!   there.
//! - **Why a worker**: a worker needs two calls of SQS, a clock, and a role that may note this and nothing else. A
//!   function that Lambda hands batches of notices would be a third kind of thing to declare, and the only one of its
//!   kind: a consumer's queue has events of one clinic in order, with an inbox row each.
//! - **Finds** the mail by the tags `clinic` and `mail` that it was sent with, by both of them: another clinic's mail
//!   is not found.
//! - **Writes**: `kernel.mails`: `bounced`, `transient` or `permanent`, or `complained`, and when. The graver state
//!   stays, whatever comes first or twice. Nothing else of a notice is kept, and nothing is logged.
//! - **Left in the queue**: messages that are no notice of a mail of ours, and notices that come before the mail is
//!   marked as sent. They come again six minutes later, and after five times are dead letters.
//! - **On one machine** mail never leaves, so there is no queue and nothing to do.
//! - **Round trips**: 1 for up to ten notices; 0 without notices.

mod handler;
mod logic;

use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use shared::mail::Notices;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct RecordBounces;

impl Worker for RecordBounces {
    const NAME: &'static str = "record-bounces";
    const SUMMARY: &'static str = "Notes which mails came back";
    const ROLE: &'static str = "bounce_recorder";
    const EVERY: Duration = Duration::from_mins(5);
    type Parts = Notices;

    async fn step(run: &WorkerRun<'_, Notices>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
