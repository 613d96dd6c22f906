//! `deliver-webhooks`: sends waiting deliveries, signed, and sends them again later when they do not arrive.
//!
//! - **Does**: leases due deliveries, sends them, and notes their outcome, in one flush with the next lease. It leases
//!   whenever a call has come back, and every half second while none comes back.
//! - **Shares**: 64 deliveries are under way at once, of which one endpoint has two, one clinic eight and one host
//!   sixteen. The last sixteen places are for clinics that have none. So what hangs or is slow holds up no other clinic.
//! - **Keeps to a pace**: 480 calls a minute to one host, of which 120 are for one clinic. What is above waits, and spends
//!   no attempt.
//! - **Tests**: `webhook.test`, which a new endpoint has, is a delivery like the others. Once it has arrived the endpoint is
//!   active; it is tried ten times within about a day, and then the endpoint is disabled. The audit log says either.
//! - **Arrived**: any 2xx. A redirect is not followed and did not arrive. 410 disables the endpoint, which the audit
//!   log says, and drops its waiting deliveries. After any other answer, or none within fifteen seconds, the delivery
//!   is tried again by the specification's table; after the tenth attempt it has failed.
//! - **At least once**: when a worker dies, its lease runs out and the delivery is sent again under the same
//!   `webhook-id`.
//! - **Calls**: the endpoint, through a breaker of its own. A delivery that the breaker holds back spends no attempt.
//!   Connections go to public addresses alone, whatever the name meant when the endpoint was made.
//! - **Reads**: nothing of a reply but its status.
//! - **Deletes**: deliveries that ended thirty days ago, and secrets that sign no more.
//! - **Round trips**: 1 to begin with, 1 for each batch of outcomes, and 1 for each half second without.

mod db;
mod handler;
mod logic;

use shared::background::{Progress, Worker, WorkerRun};
use shared::external::ExternalCalls;
use shared::failure::Fault;
use std::time::Duration;

/// The declaration.
#[derive(Debug)]
pub struct DeliverWebhooks;

impl Worker for DeliverWebhooks {
    const NAME: &'static str = "deliver-webhooks";
    const SUMMARY: &'static str = "Sends events to the addresses that want them";
    const ROLE: &'static str = "webhook_deliverer";
    const TIMEOUT: Duration = Duration::from_secs(55);
    const FINISHING: Duration = handler::ENOUGH;
    type Parts = ExternalCalls;

    async fn step(run: &WorkerRun<'_, ExternalCalls>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
