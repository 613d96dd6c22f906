//! The queues on one machine and in tests.

use crate::background::{Attempt, OpenConsumer};
use crate::deadline::{Deadline, LONGEST};
use crate::outbox::{Message, Queue, SendError, Stream};
use futures_util::future::{BoxFuture, join_all};
use std::collections::BTreeMap;

/// Queues that keep nothing: sending an event has its consumer take it at once. The relay marks the event afterwards,
/// so that no event is lost however the program ends.
#[derive(Debug)]
pub struct InProcess {
    consumers: Vec<OpenConsumer>,
}

impl InProcess {
    /// The queues of these consumers.
    pub fn of(consumers: Vec<OpenConsumer>) -> Self {
        Self { consumers }
    }

    /// Delivers the messages of one stream in their order, up to the first one that is not taken.
    async fn deliver(
        consumer: &OpenConsumer,
        stream: Vec<(usize, &Message)>,
    ) -> Vec<(usize, Result<(), SendError>)> {
        let mut outcomes = Vec::new();
        let mut is_stopped = false;
        for (place, message) in stream {
            if is_stopped {
                outcomes.push((place, Err(SendError::Held)));
                continue;
            }
            let deadline = Deadline::within(LONGEST);
            let taken = consumer.take(&message.event, Attempt(message.attempt), deadline).await;
            is_stopped = taken.is_err();
            outcomes.push((place, taken.map_err(|fault| SendError::Refused(fault.log_text()))));
        }
        outcomes
    }
}

impl Queue for InProcess {
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        Box::pin(async move {
            let mut consumers = self.consumers.iter();
            let Some(consumer) = consumers.find(|it| it.declaration.name == consumer) else {
                return vec![Err(SendError::Refused("there is no such consumer".to_owned())); batch.len()];
            };
            let mut streams: BTreeMap<Stream, Vec<(usize, &Message)>> = BTreeMap::new();
            for (place, message) in batch.iter().enumerate() {
                streams.entry(message.event.stream()).or_default().push((place, message));
            }
            let delivering = streams.into_values().map(|stream| Self::deliver(consumer, stream));
            let outcomes: BTreeMap<_, _> = join_all(delivering).await.into_iter().flatten().collect();
            outcomes.into_values().collect()
        })
    }
}
