//! Consumers: what happens after a change (E4).
//!
//! A consumer is declared like an endpoint and is a binary of its own. It takes the events of its queue at least once
//! and has each effect exactly once: its transaction begins with the event's row in `kernel.inbox`, and a second one
//! cannot be written. It takes the events of one thing in order: the same transaction refuses an event whose
//! predecessor it has not taken.

mod declaration;
mod delivery;

pub use declaration::{Attempt, ConsumerDeclaration};
pub use delivery::Delivery;
pub(crate) use delivery::statements;

use crate::app::Needs;
use crate::database::Statement;
use crate::failure::Fault;
use crate::http::Sample;
use std::time::Duration;

/// How often an event is tried before it becomes a dead letter.
pub const ATTEMPTS: i64 = 5;

/// A consumer.
pub trait Consumer: 'static {
    /// The name of its binary and its queue, e.g. `send-mail`; unique in the workspace.
    const NAME: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// The kinds of events that it hears.
    const KINDS: &'static [&'static str];
    /// What its function may take for a batch of up to ten events. One event has ten seconds at most.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// What it needs beside the database.
    const NEEDS: Needs = Needs::DATABASE;

    /// Every statement it may send, as [`Endpoint::statements`](crate::http::Endpoint::statements).
    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>>;

    /// Has the effect of the turn's event, within [`Delivery::begin`] and [`Delivery::commit`]. An error has it tried again.
    fn take(delivery: &Delivery<'_>) -> impl Future<Output = Result<(), Halt>> + Send;

    /// Called when the last attempt has failed and the event becomes a dead letter. Does nothing unless something
    /// waits for the effect, such as a job.
    fn give_up(_turn: &Delivery<'_>) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
}

/// Why a consumer stops.
#[derive(Debug)]
pub enum Halt {
    /// The event was taken before: nothing is left to do.
    Taken,
    /// Something went wrong: it is tried again.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
