//! One SQS FIFO queue a consumer, streams as message groups.

use crate::deadline::Deadline;
use crate::external::aws::Aws;
use crate::external::aws::sqs::{address, call};
use crate::external::{ExternalCalls, Gate};
use crate::outbox::{Message, Queue, SendError};
use crate::parts::{Noted, Part, Permission, Reader, Requirements, Resource};
use crate::settings::{Given, Setting};
use crate::telemetry::{self, Instrument as _};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The most messages that SQS takes at once.
const BATCH: usize = 10;

/// The time that an attempt to send may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The time that sending a batch may take, with one repetition.
const BATCH_TIMEOUT: Duration = Duration::from_secs(5);

const QUEUE_URL_PREFIX: Setting = Setting::required(
    "QUEUE_URL_PREFIX",
    "what is before a consumer's name and `.fifo` in its queue's address",
)
.form("the beginning of the queues' addresses such as https://sqs.eu-west-1.amazonaws.com/123456789012/grafono-")
.by(Given::Expression(
    "!Sub https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/grafono-${Environment}-",
));

/// The queues of consumers, which only the relay has: on AWS one of SQS a consumer.
pub struct Queues(Arc<dyn Queue>);

impl std::fmt::Debug for Queues {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Queues")
    }
}

impl Queues {
    /// Those queues.
    pub fn by(queue: Arc<dyn Queue>) -> Self {
        Self(queue)
    }
}

impl Queue for Queues {
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        self.0.send(consumer, batch)
    }
}

impl Part for Queues {
    const NAME: &'static str = "queues";
    const REQUIREMENTS: Requirements = Requirements {
        permissions: &[
            Permission::to(&["sqs:SendMessage"], &[Resource::ConsumerQueues]),
            Permission::to(
                &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                &[Resource::Arn("!GetAtt {function}Nudges.Arn")],
            ),
        ],
        ..Requirements::settings(&[QUEUE_URL_PREFIX])
    };
    type Parts = ExternalCalls;

    fn open(settings: &Reader<'_>, external: Arc<ExternalCalls>) -> Result<Self, Noted> {
        let prefix = settings.required(&QUEUE_URL_PREFIX, address)?;
        Ok(Self::by(Arc::new(Sqs { aws: aws(settings, external.gate())?, prefix })))
    }
}

/// SQS.
struct Sqs {
    aws: Aws,
    prefix: String,
}

/// SQS, by the variables that Lambda sets, or at `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`.
pub(super) fn aws(settings: &Reader<'_>, gate: Arc<Gate>) -> Result<Aws, Noted> {
    let aws = Aws::open("sqs", "AWS_ENDPOINT_URL_SQS", &|key| settings.aws(key), TIMEOUT, gate);
    aws.map_err(|bad| settings.note_all(bad))
}

/// The messages of a batch that were not taken.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BatchReply {
    failed: Vec<Failed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    code: String,
    sender_fault: bool,
}

impl Sqs {
    async fn send_batch(&self, consumer: &str, batch: &[&Message]) -> Vec<Result<(), SendError>> {
        let entries: Vec<_> =
            batch.iter().enumerate().map(|(place, message)| entry(place, message)).collect();
        let queue = format!("{}{consumer}.fifo", self.prefix);
        let call = call("AmazonSQS.SendMessageBatch", json!({ "QueueUrl": queue, "Entries": entries }));
        let span = telemetry::queue_send(consumer, batch.len());
        let sending = self.aws.call::<BatchReply>(&call, Deadline::within(BATCH_TIMEOUT));
        match sending.instrument(span.clone()).await {
            Ok(reply) => {
                let mut outcomes = vec![Ok(()); batch.len()];
                for failed in reply.failed {
                    let place = failed.id.parse().ok().and_then(|place: usize| outcomes.get_mut(place));
                    if let Some(outcome) = place {
                        *outcome = Err(if failed.sender_fault {
                            SendError::Refused(failed.code)
                        } else {
                            SendError::Unreachable
                        });
                    }
                }
                outcomes
            }
            Err(error) => {
                let code = error.to_string();
                telemetry::failed(&span, &code);
                tracing::warn!(event = "queue", consumer, code, "a queue took nothing");
                vec![Err(SendError::Unreachable); batch.len()]
            }
        }
    }
}

fn entry(place: usize, message: &Message) -> Value {
    let event = &message.event;
    json!({
        "Id": place.to_string(),
        "MessageBody": serde_json::to_string(event).unwrap_or_default(),
        "MessageGroupId": event.stream().group(),
        // SQS drops the same id within five minutes as a repetition; a replay has another id.
        "MessageDeduplicationId": format!("{}.{}", event.id.simple(), message.replay),
    })
}

impl Queue for Sqs {
    /// Sends batches of ten, one after the other. After a message that was not taken, the rest of its stream is held.
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        Box::pin(async move {
            let mut outcomes = BTreeMap::new();
            let mut stopped = BTreeSet::new();
            let mut rest: Vec<(usize, &Message)> = batch.iter().enumerate().collect();
            while !rest.is_empty() {
                let (held, go): (Vec<_>, Vec<_>) =
                    rest.into_iter().partition(|(_, message)| stopped.contains(&message.event.stream()));
                outcomes.extend(held.into_iter().map(|(place, _)| (place, Err(SendError::Held))));
                let (now, later) = go.split_at(go.len().min(BATCH));
                let messages: Vec<&Message> = now.iter().map(|(_, message)| *message).collect();
                let sent =
                    if messages.is_empty() { Vec::new() } else { self.send_batch(consumer, &messages).await };
                for ((place, message), outcome) in now.iter().zip(sent) {
                    if outcome.is_err() {
                        stopped.insert(message.event.stream());
                    }
                    outcomes.insert(*place, outcome);
                }
                rest = later.to_vec();
            }
            outcomes.into_values().collect()
        })
    }
}
