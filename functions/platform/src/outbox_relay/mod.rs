//! `outbox-relay`: takes events from the outbox to the queues of the consumers that hear them.
//!
//! - **Does**: leases the oldest unsent row of each stream (one thing of one clinic) with the rows behind it, sends
//!   them, and marks the rows that every queue took. Also replays dead letters, which counts as sending their event
//!   anew ([`housekeeping`](crate::housekeeping) goes by when an event was sent last).
//! - **Order**: a relay takes a row only with the oldest unsent row of its stream on lease, so of two relays one waits.
//! - **At least once**: when a relay dies between sending and marking, its lease runs out and the rows are sent again;
//!   consumers have each effect once all the same.
//! - **Failures**: a refused row is tried again later and later, with jitter; after the fifth refusal its event is a
//!   dead letter of the consumer that refused it, and the stream goes on. A queue that does not answer costs no
//!   attempt.
//! - **Round trips**: 2 for up to a hundred streams: lease, settle.

mod db;
mod handler;
mod logic;

use shared::background::{Progress, Worker, WorkerRun};
use shared::failure::Fault;
use shared::outbox::Queues;

/// The declaration.
#[derive(Debug)]
pub struct OutboxRelay;

impl Worker for OutboxRelay {
    const NAME: &'static str = "outbox-relay";
    const SUMMARY: &'static str = "Takes events from the outbox to the queues";
    const ROLE: &'static str = "relay";
    type Parts = Queues;

    async fn step(run: &WorkerRun<'_, Queues>) -> Result<Progress, Fault> {
        handler::step(run).await
    }
}
