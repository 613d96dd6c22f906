//! `record-bounces`: notes on a mail that it came back, or that its recipient complained.
//!
//! - **Does**: takes what SES told from a plain queue, which an SNS topic sends into; notes it; deletes it there.
//! - **Why a worker**: it asks for what waits, and so needs two calls of SQS, a clock, and a role that may note this
//!   and nothing else. As what Lambda hands batches to it would be a third kind of thing to declare, and nothing else
//!   would be of that kind: a consumer's queue has events of one clinic in order, with an inbox row each.
//! - **Finds** the mail by the tags `clinic` and `mail` that it was sent with, both of them: a mail of another clinic is
//!   none.
//! - **Writes**: `kernel.mails`: `bounced`, `transient` or `permanent`, or `complained`, and when. The graver one stays,
//!   whatever comes first or twice. Of the notice nothing else is kept, and nothing is logged.
//! - **Left in the queue**: what is no notice of a mail of ours, and what is told before the mail is marked as sent. It
//!   comes again six minutes later, and after five times is a dead letter.
//! - **On one machine** mail never leaves, so there is no queue and nothing to do.
//! - **Round trips**: 1 for up to ten notices; none when there are none.

mod handler;
mod logic;

use super::returns;
use shared::app::Needs;
use shared::background::{Progress, Worker, WorkerRun};
use shared::database::Statement;
use shared::external::OpenExternal;
use shared::failure::Fault;
use shared::http::Sample;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct RecordBounces;

impl Worker for RecordBounces {
    const NAME: &'static str = "record-bounces";
    const SUMMARY: &'static str = "Notes which mails came back";
    const ROLE: &'static str = "bounce_recorder";
    const EVERY: Duration = Duration::from_mins(5);
    const NEEDS: Needs = Needs { mail_notices: true, external: Some(OpenExternal::OPEN), ..Needs::DATABASE };

    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
        returns::statements(sample)
    }

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
