//! Consumers: what happens after a change (E4).
//!
//! A consumer is declared like an endpoint and is a binary of its own. Its queue delivers an event at least once, and
//! the effect happens exactly once: the transaction begins with the event's row in `kernel.inbox`, which cannot be
//! written twice. The events of one thing are taken in order: the same transaction refuses an event whose predecessor
//! the consumer has not taken.

mod declaration;
mod delivery;
mod opened;

pub use declaration::{Attempt, ConsumerDeclaration};
pub use delivery::Delivery;
pub use opened::OpenConsumer;

use crate::failure::Fault;
use crate::parts::Parts;
use std::time::Duration;

/// How often an event is tried before it becomes a dead letter.
pub const ATTEMPTS: i64 = 5;

/// A consumer.
pub trait Consumer: 'static {
    /// The name of the consumer's binary and queue, e.g. `send-mail`; unique in the workspace.
    const NAME: &'static str;
    /// The consumer's task, in one line.
    const SUMMARY: &'static str;
    /// The kinds of events that the consumer hears.
    const KINDS: &'static [&'static str];
    /// The time that the function may take for a batch of up to ten events. One event has ten seconds at most.
    const TIMEOUT: Duration = Duration::from_secs(30);
    /// Whether the consumer writes events or requests mails, and so nudges the relay.
    const ANNOUNCES: bool = false;
    /// The parts that the consumer uses, beside what every function has; often none.
    type Parts: Parts;

    /// Writes the effect of the event, between [`Delivery::begin`] and [`Delivery::commit`]. After an error the event
    /// is tried again.
    fn take(delivery: &Delivery<'_, Self::Parts>) -> impl Future<Output = Result<(), Halt>> + Send;

    /// Called when the last attempt has failed, or was handed back untried, and the event becomes a dead letter. For
    /// consumers with something that waits for the effect, such as a job; does nothing by itself.
    fn give_up(_delivery: &Delivery<'_, Self::Parts>) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
}

/// Why a consumer stops.
#[derive(Debug)]
pub enum Halt {
    /// The event was taken before: the delivery is done.
    Taken,
    /// A fault: the event is tried again.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
