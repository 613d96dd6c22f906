//! The relay's own queue: a message there means that the outbox has something new.

use super::sqs;
use crate::clock::SystemClock;
use crate::deadline::Deadline;
use crate::external::Gate;
use crate::external::aws::Aws;
use crate::external::aws::sqs::{call, checked};
use crate::outbox::Nudge;
use crate::settings::{BadSettings, Variables};
use futures_util::future::BoxFuture;
use serde::de::IgnoredAny;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The most time for a nudge: the function's next event waits for it.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Nudges the relay through SQS.
pub struct SqsNudge {
    aws: Aws,
    queue: String,
}

impl std::fmt::Debug for SqsNudge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SqsNudge")
    }
}

impl SqsNudge {
    /// The queue at `NUDGE_QUEUE_URL`; none without that setting, and then the relay goes by its clock.
    pub fn open(variable: &Variables<'_>) -> Result<Option<Arc<dyn Nudge>>, BadSettings> {
        let Some(queue) = variable("NUDGE_QUEUE_URL").filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        checked("NUDGE_QUEUE_URL", &queue)?;
        let gate = Arc::new(Gate::alone(Arc::new(SystemClock)));
        Ok(Some(Arc::new(Self { aws: sqs::aws(variable, gate)?, queue })))
    }
}

impl Nudge for SqsNudge {
    /// Gives up after a moment, and at once for a while after many failures: the relay's clock comes each minute.
    fn nudge(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let message = json!({ "QueueUrl": self.queue, "MessageBody": "outbox" });
            let call = call("AmazonSQS.SendMessage", message);
            if self.aws.call::<IgnoredAny>(&call, Deadline::within(TIMEOUT)).await.is_err() {
                tracing::warn!(event = "nudge", "the relay was not nudged; it will look by itself");
            }
        })
    }
}
