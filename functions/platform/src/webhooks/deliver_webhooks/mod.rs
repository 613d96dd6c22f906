//! `deliver-webhooks`: sends what waits to be sent, signed, and again later when it does not arrive.
//!
//! - **Does**: leases due deliveries, sends them, and notes what became of them, in one flush with the next lease. Up to
//!   32 are under way at once and two of one endpoint, so that one that is slow holds up nobody else's.
//! - **Arrived**: any 2xx. A redirect is not followed and did not arrive. 410 disables the endpoint, which the audit log
//!   says, and drops what waits for it. Anything else, and no answer within fifteen seconds, is tried again by the
//!   specification's table; after the tenth time the delivery has failed.
//! - **At least once**: a worker that dies leaves its lease to run out, and the delivery is sent again under the same
//!   `webhook-id`.
//! - **Calls**: the endpoint, through a breaker of its own. What the breaker holds back costs no attempt. Connections go
//!   to public addresses alone, whatever the name meant when the endpoint was made.
//! - **Reads**: nothing of a reply but its status.
//! - **Tidies**: deliveries that ended thirty days ago and secrets that sign no more.
//! - **Round trips**: 1 to begin with, and 1 whenever something came back.

mod db;
mod handler;
mod logic;

use shared::app::Needs;
use shared::background::{Progress, Worker, WorkerRun};
use shared::database::Statement;
use shared::external::OpenExternal;
use shared::failure::Fault;
use shared::http::Sample;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct DeliverWebhooks;

impl Worker for DeliverWebhooks {
    const NAME: &'static str = "deliver-webhooks";
    const SUMMARY: &'static str = "Sends events to the addresses that want them";
    const ROLE: &'static str = "webhook_deliverer";
    const TIMEOUT: Duration = Duration::from_secs(55);
    const NEEDS: Needs = Needs { external: Some(OpenExternal::OPEN), ..Needs::DATABASE };

    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
        db::all(sample)
    }

    async fn step(run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
