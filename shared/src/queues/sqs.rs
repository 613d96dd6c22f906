//! One SQS FIFO queue a consumer, streams as message groups.

use crate::aws::Aws;
use crate::outbox::{Message, Queue, SendError};
use crate::settings::{BadSettings, SettingError, Variables};
use crate::telemetry::{self, Instrument as _};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Config;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What SQS takes at once.
const BATCH: usize = 10;

/// What sending one batch may take, its one repetition included.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// SQS.
pub struct Sqs {
    client: Client,
    prefix: String,
}

impl std::fmt::Debug for Sqs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sqs")
    }
}

/// An address, or the setting that is none.
pub(super) fn checked(key: &'static str, address: &str) -> Result<(), BadSettings> {
    match address.parse::<http::Uri>() {
        Ok(uri) if uri.scheme().is_some() => Ok(()),
        _ => Err(BadSettings(vec![(key, SettingError::Malformed)])),
    }
}

/// A client made from the variables that Lambda sets. `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`, leads elsewhere.
/// Nothing is sent yet.
pub fn client(variable: &Variables<'_>) -> Result<Client, BadSettings> {
    let aws = Aws::read(variable, "AWS_ENDPOINT_URL_SQS")?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(LIMIT)
        .build();
    let mut config = Config::builder()
        .region(aws.region)
        .credentials_provider(aws.credentials)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(2));
    if let Some(endpoint) = aws.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(config.build()))
}

impl Sqs {
    /// The queues whose addresses are `QUEUE_URL_PREFIX`, a consumer's name and `.fifo`, with the variables that Lambda
    /// sets. Nothing is sent yet.
    pub fn open(variable: &Variables<'_>) -> Result<Arc<dyn Queue>, BadSettings> {
        let prefix = variable("QUEUE_URL_PREFIX").unwrap_or_default();
        checked("QUEUE_URL_PREFIX", &prefix)?;
        Ok(Arc::new(Self { client: client(variable)?, prefix }))
    }

    async fn send_batch(&self, consumer: &str, batch: &[&Message]) -> Vec<Result<(), SendError>> {
        let entries: Result<Vec<_>, _> =
            batch.iter().enumerate().map(|(place, message)| entry(place, message)).collect();
        let Ok(entries) = entries else {
            return vec![
                Err(SendError::Refused("an event cannot be written as JSON".to_owned()));
                batch.len()
            ];
        };
        let request = self.client.send_message_batch().queue_url(format!("{}{consumer}.fifo", self.prefix));
        let span = telemetry::queue_send(consumer, batch.len());
        match request.set_entries(Some(entries)).send().instrument(span.clone()).await {
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
                let code = match &error {
                    SdkError::ServiceError(_) | SdkError::ResponseError(_) => error.code(),
                    _ => None,
                };
                telemetry::failed(&span, code.unwrap_or("unreachable"));
                tracing::warn!(event = "queue", consumer, code, "a queue took nothing");
                vec![Err(SendError::Unreachable); batch.len()]
            }
        }
    }
}

fn entry(place: usize, message: &Message) -> Result<Entry, ()> {
    let event = &message.event;
    Entry::builder()
        .id(place.to_string())
        .message_body(serde_json::to_string(event).map_err(|_| ())?)
        .message_group_id(event.stream().group())
        // Within five minutes SQS takes the same event for a repetition, unless somebody wants it replayed.
        .message_deduplication_id(format!("{}.{}", event.id.simple(), message.replay))
        .build()
        .map_err(|_| ())
}

impl Queue for Sqs {
    /// Batches of ten, one after the other. After a message that was not taken, the rest of its stream is held.
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
