//! The relay's own queue: a message there means that the outbox has something new.

use super::sqs;
use crate::clock::SystemClock;
use crate::deadline::Deadline;
use crate::external::Gate;
use crate::external::aws::Aws;
use crate::external::aws::sqs::{address, call};
use crate::outbox::Nudge;
use crate::parts::{Noted, Part, Permission, Reader, Requirements, Resource};
use crate::settings::{Given, Setting};
use futures_util::future::BoxFuture;
use serde::de::IgnoredAny;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The most time for a nudge: the function's next event waits for it.
const TIMEOUT: Duration = Duration::from_secs(1);

const NUDGE_QUEUE_URL: Setting = Setting::optional(
    "NUDGE_QUEUE_URL",
    "the queue by which the relay is told of something new; without it the relay goes by its clock",
)
.form("the address of a queue such as https://sqs.eu-west-1.amazonaws.com/123456789012/name")
.by(Given::Expression(
    "!Sub https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/grafono-${Environment}-outbox-nudges",
));

/// The nudge of the relay, for functions that write; none where the relay goes by its clock alone.
pub struct RelayNudge(Option<Box<dyn Nudge>>);

impl std::fmt::Debug for RelayNudge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RelayNudge")
    }
}

impl RelayNudge {
    /// That nudge.
    pub fn by(nudge: impl Nudge + 'static) -> Self {
        Self(Some(Box::new(nudge)))
    }

    /// No nudge.
    pub fn none() -> Self {
        Self(None)
    }

    /// Nudges the relay: the outbox may have something new.
    pub async fn nudge(&self) {
        if let Some(nudge) = &self.0 {
            nudge.nudge().await;
        }
    }
}

impl Part for RelayNudge {
    const NAME: &'static str = "nudge";
    const REQUIREMENTS: Requirements = Requirements {
        permissions: &[Permission::to(
            &["sqs:SendMessage"],
            &[Resource::Arn(
                "!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:grafono-${Environment}-outbox-nudges",
            )],
        )],
        ..Requirements::settings(&[NUDGE_QUEUE_URL])
    };
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        let Some(queue) = settings.optional(&NUDGE_QUEUE_URL, address)? else { return Ok(Self::none()) };
        let gate = Arc::new(Gate::alone(Arc::new(SystemClock)));
        Ok(Self::by(SqsNudge { aws: sqs::aws(settings, gate)?, queue }))
    }
}

/// Nudges the relay through SQS.
struct SqsNudge {
    aws: Aws,
    queue: String,
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
