//! The relay's own queue: a message there means that the outbox has something new.

use super::sqs::{self, LIMIT};
use crate::outbox::Nudge;
use crate::settings::{BadSettings, Variables};
use aws_sdk_sqs::Client;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Nudges the relay through SQS.
pub struct SqsNudge {
    client: Client,
    queue: String,
}

impl std::fmt::Debug for SqsNudge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SqsNudge")
    }
}

impl SqsNudge {
    /// The queue whose address is `NUDGE_QUEUE_URL`; none when that is not given, and then the relay goes by its clock.
    pub fn open(variable: &Variables<'_>) -> Result<Option<Arc<dyn Nudge>>, BadSettings> {
        let Some(queue) = variable("NUDGE_QUEUE_URL").filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        sqs::checked("NUDGE_QUEUE_URL", &queue)?;
        Ok(Some(Arc::new(Self { client: sqs::client(variable)?, queue })))
    }
}

impl Nudge for SqsNudge {
    /// Gives up after a moment: the relay looks by itself each minute.
    fn nudge(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let sending = self.client.send_message().queue_url(&self.queue).message_body("outbox").send();
            if !matches!(tokio::time::timeout(LIMIT / 5, sending).await, Ok(Ok(_))) {
                tracing::warn!(event = "nudge", "the relay was not nudged; it will look by itself");
            }
        })
    }
}
