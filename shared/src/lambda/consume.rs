//! The Lambda entry of a consumer, called by the one line of its `main.rs`.
//!
//! Lambda hands over batches of the consumer's queue. Events that could not be taken are named in the reply and come
//! again; the others leave the queue (partial batch responses). Once an event of a stream has failed, the events behind
//! it in the batch are not tried. An event without time left is handed back untried; at its last receive it is given
//! up, so that nothing waits for it in vain.

use super::{MARGIN, start, time_left_of};
use crate::background::{Attempt, Consumer, ConsumerDeclaration, OpenConsumer};
use crate::deadline::Deadline;
use crate::outbox::Event;
use crate::parts::OpenStore;
use crate::telemetry;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// With less time than this no event is begun.
const WORTH_BEGINNING: Duration = Duration::from_secs(1);

/// Runs a consumer as a Lambda function, until Lambda ends the process.
pub fn consume<C: Consumer>() -> ExitCode {
    let declaration = ConsumerDeclaration::of::<C>();
    let store = start::store::<C::Parts>(declaration.frame);
    start::on_one_thread(C::NAME, serve(declaration, store))
}

async fn serve(declaration: ConsumerDeclaration, store: Option<OpenStore>) -> Result<(), Error> {
    let (name, frame, requirements) = (declaration.name, declaration.frame, declaration.requirements());
    let open = |app, opening: &_| declaration.open(app, opening);
    let (consumer, app) = start::start(name, frame, &requirements, store, open).await?;
    start::close_at_the_end(app).await;
    let function = Arc::new(Function { consumer });
    let handler = service_fn(move |event: LambdaEvent<Batch>| {
        let function = Arc::clone(&function);
        async move {
            let (batch, context) = event.into_parts();
            let until = Instant::now() + time_left_of(&context, function.consumer.declaration.timeout);
            let reply = function.take(batch, until).await;
            telemetry::flush().await;
            Ok::<_, Error>(reply)
        }
    });
    Runtime::new(handler).run_concurrent().await
}

/// A batch of messages as SQS hands it to Lambda.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    approximate_receive_count: String,
    message_group_id: String,
}

/// The messages that are to come again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchReply {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

struct Function {
    consumer: OpenConsumer,
}

impl Function {
    async fn take(&self, batch: Batch, until: Instant) -> BatchReply {
        let (mut failures, mut stopped) = (Vec::new(), BTreeSet::new());
        for record in batch.records {
            let group = record.attributes.message_group_id.clone();
            let left = until.saturating_duration_since(Instant::now());
            let is_tried = !stopped.contains(&group) && left > WORTH_BEGINNING;
            let is_taken = self.take_one(&record, is_tried, left).await;
            if !is_taken {
                failures.push(Failed { item_identifier: record.message_id });
                stopped.insert(group);
            }
        }
        BatchReply { batch_item_failures: failures }
    }

    /// Whether the record may leave the queue. A record that is not to be tried is handed back.
    async fn take_one(&self, record: &Record, is_tried: bool, left: Duration) -> bool {
        let attempt = Attempt(record.attributes.approximate_receive_count.parse().unwrap_or(1));
        let Ok(event) = serde_json::from_str::<Event>(&record.body) else {
            let function = self.consumer.declaration.name;
            tracing::error!(event = "consumed", function, messageId = record.message_id, "not an event");
            return false;
        };
        let deadline = Deadline::within(left.saturating_sub(MARGIN));
        if is_tried {
            self.consumer.take(&event, attempt, deadline).await.is_ok()
        } else {
            self.consumer.hand_back(&event, attempt, deadline).await;
            false
        }
    }
}
