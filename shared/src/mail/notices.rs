//! Notices of a mail provider about mails: a plain queue that the provider's topic sends into, and a worker takes from.

use crate::deadline::Deadline;
use crate::external::ExternalCalls;
use crate::external::aws::sqs::{call, checked};
use crate::external::aws::{Aws, Call};
use crate::failure::Fault;
use crate::settings::{BadSettings, Variables};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;

/// The most messages that SQS gives at once.
pub const BATCH: usize = 10;

/// Seconds to wait for messages: without a wait SQS asks only some of its servers, and may give none of its messages.
const WAIT: u64 = 1;

/// The time that a call may take: the wait, and ten messages on their way.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The queue of notices.
pub struct Notices {
    aws: Aws,
    queue: String,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Notices")
    }
}

/// One message. Unless deleted, a message comes again, and in the end is a dead letter.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notice {
    /// The text of the notice, which may have addresses in it.
    pub body: String,
    #[serde(rename = "ReceiptHandle")]
    handle: String,
}

impl std::fmt::Debug for Notice {
    /// The type's name, nothing of the notice.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Notice")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Received {
    messages: Vec<Notice>,
}

/// The messages of a batch that were not deleted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Deleted {
    failed: Vec<serde::de::IgnoredAny>,
}

impl Notices {
    /// The queue at `MAIL_NOTICES_QUEUE_URL`, with the variables that Lambda sets. Nothing is sent yet.
    pub fn open(variable: &Variables<'_>, external: &ExternalCalls) -> Result<Self, BadSettings> {
        let queue = variable("MAIL_NOTICES_QUEUE_URL").unwrap_or_default();
        checked("MAIL_NOTICES_QUEUE_URL", &queue)?;
        let aws = Aws::open("sqs", "AWS_ENDPOINT_URL_SQS", variable, TIMEOUT, external.gate())?;
        Ok(Self { aws, queue })
    }

    /// Receives up to [`BATCH`] messages, which SQS hides from others for a while.
    pub async fn receive(&self) -> Result<Vec<Notice>, Fault> {
        let body = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": WAIT });
        let received: Received = self.ask(&call("AmazonSQS.ReceiveMessage", body)).await?;
        Ok(received.messages)
    }

    /// Takes up to [`BATCH`] messages out of the queue for good.
    pub async fn delete(&self, notices: &[&Notice]) -> Result<(), Fault> {
        let entries = notices.iter().enumerate();
        let entries: Vec<_> = entries
            .map(|(place, notice)| json!({ "Id": place.to_string(), "ReceiptHandle": notice.handle }))
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        let body = json!({ "QueueUrl": self.queue, "Entries": entries });
        let call = call("AmazonSQS.DeleteMessageBatch", body);
        let deleted: Deleted = self.ask(&call).await?;
        match deleted.failed.len() {
            0 => Ok(()),
            count => Err(Fault::internal(format!("{count} notices were not deleted and come again"))),
        }
    }

    /// Calls SQS, at most twice. Both operations may run twice: received messages come again, deleted ones stay
    /// deleted.
    async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Fault> {
        let answer = self.aws.call(call, Deadline::within(2 * TIMEOUT)).await;
        answer.map_err(|error| Fault::internal(format!("the queue of notices: {error}")))
    }
}
