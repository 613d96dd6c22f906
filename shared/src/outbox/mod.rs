//! Events: a change's announcement to the rest of the program (E4).
//!
//! A change writes a row of `kernel.outbox` in its own transaction. The relay takes the rows to the queues, and
//! consumers take the events from there. An event is thin: ids, a version and a kind. A consumer that needs more reads
//! the database, as it is by then.

mod nudge;
mod sqs;

pub use nudge::RelayNudge;
pub use sqs::Queues;

use crate::database::{Columns, DecodeError};
use crate::telemetry::VERSION;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// An event, in the form of the queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// `UUIDv7`, the same at every delivery.
    pub id: Uuid,
    /// The tenant.
    pub clinic_id: Uuid,
    /// The kind of thing that changed, e.g. `account`.
    pub aggregate: String,
    /// The thing that changed. Events of one thing are taken in order.
    pub aggregate_id: Uuid,
    /// The version of the thing after the change: the order of its events.
    pub seq: i64,
    /// `<subject>.<past tense>`, e.g. `account.created`.
    pub kind: String,
    /// Ids that a consumer may need, by their names, e.g. `accountId`. Never anything personal.
    pub ids: BTreeMap<String, Uuid>,
    /// The W3C trace context of the change.
    pub traceparent: String,
    /// When it was announced.
    pub created_at: Timestamp,
}

impl Event {
    /// Reads the columns `id`, `clinic_id`, `aggregate`, `aggregate_id`, `seq`, `kind`, `ids` (as text), `traceparent`
    /// and `created_at`.
    pub fn decode(columns: &Columns<'_>) -> Result<Self, DecodeError> {
        let ids: &str = columns.get("ids")?;
        Ok(Self {
            id: columns.get("id")?,
            clinic_id: columns.get("clinic_id")?,
            aggregate: columns.get("aggregate")?,
            aggregate_id: columns.get("aggregate_id")?,
            seq: columns.get("seq")?,
            kind: columns.get("kind")?,
            ids: serde_json::from_str(ids).map_err(|_| DecodeError("ids".to_owned()))?,
            traceparent: columns.get("traceparent")?,
            created_at: columns.get("created_at")?,
        })
    }

    /// The event's stream: one thing of one clinic.
    pub fn stream(&self) -> Stream {
        Stream { clinic: self.clinic_id, aggregate: self.aggregate.clone(), id: self.aggregate_id }
    }

    /// The id of that name, if the event has it.
    pub fn id_of(&self, name: &str) -> Option<Uuid> {
        self.ids.get(name).copied()
    }
}

/// One thing of one clinic, whose events are taken in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// The tenant.
    pub clinic: Uuid,
    /// The kind of thing.
    pub aggregate: String,
    /// The thing.
    pub id: Uuid,
}

impl Stream {
    /// The stream's name in a queue.
    pub fn group(&self) -> String {
        format!("{}.{}.{}", self.clinic.simple(), self.aggregate, self.id.simple())
    }
}

/// An event on its way to one consumer.
#[derive(Debug, Clone)]
pub struct Message {
    /// The event.
    pub event: Event,
    /// The number of the replay: a queue must not take a replay for a repetition.
    pub replay: i64,
    /// The number of the attempt, from 1, by the relay's count. A queue's own count goes first.
    pub attempt: i64,
}

/// The reason why a queue did not take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The queue did not answer, or throttles. No attempt is counted.
    Unreachable,
    /// Not sent, because an earlier message of its stream was not taken. No attempt is counted.
    Held,
    /// The queue refused this message; the reason is fit for a log.
    Refused(String),
}

/// The queues that events are sent to, one for each consumer, in order within a stream.
pub trait Queue: Send + Sync {
    /// Sends messages to a consumer's queue; the outcome of each, in their order.
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>>;
}

/// Wakes the relay, so that events do not wait for its clock.
pub trait Nudge: Send + Sync {
    /// Takes a moment at most, and never fails: the relay's clock comes anyway.
    fn nudge(&self) -> BoxFuture<'_, ()>;
}

/// The figures of one step of the relay.
#[derive(Debug, Clone, Copy)]
pub struct OutboxRun {
    /// The age of the oldest waiting event; zero without one.
    pub oldest: Duration,
    /// The number of events sent.
    pub sent: u64,
    /// The number of events that could not be sent to every queue.
    pub failed: u64,
}

impl OutboxRun {
    /// Writes the log line of the run of `function`, the relay, with its metrics: `OutboxAge`, `OutboxSent`,
    /// `OutboxFailed`.
    pub fn log(self, function: &'static str) {
        tracing::info!(
            event = "outbox",
            function,
            version = VERSION,
            "OutboxAge" = self.oldest.as_secs_f64(),
            "OutboxSent" = self.sent,
            "OutboxFailed" = self.failed,
            "outbox relayed"
        );
    }
}
