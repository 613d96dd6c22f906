//! Notices of a mail provider about mails: a plain queue that the provider's topic sends into, and a worker takes from.

use crate::deadline::Deadline;
use crate::external::ExternalCalls;
use crate::external::aws::sqs::{address, call};
use crate::external::aws::{Aws, Call};
use crate::failure::Fault;
use crate::parts::{Noted, Part, Permission, Reader, Requirements, Resource};
use crate::settings::{Form, Given, Parameter, Setting};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The most messages that SQS gives at once.
pub const BATCH: usize = 10;

/// Seconds to wait for messages: without a wait SQS asks only some of its servers, and may give none of its messages.
const WAIT: u64 = 1;

/// The time that a call may take: the wait, and ten messages on their way.
const TIMEOUT: Duration = Duration::from_secs(5);

const MAIL_NOTICES_QUEUE_URL: Setting = Setting::required(
    "MAIL_NOTICES_QUEUE_URL",
    "the queue that a mail provider's notices of bounces come by",
)
.form("the address of a queue such as https://sqs.eu-west-1.amazonaws.com/123456789012/name")
.by(Given::Expression("!Ref {function}Notices"));

const MAIL_NOTICES_TOPIC_ARN: Parameter = Parameter::new(
    "MailNoticesTopicArn",
    Form::Matches(
        r"^(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$",
        "the ARN of an SNS topic, or empty",
    ),
)
.or("")
.about("The SNS topic that the configuration set tells of bounces and complaints; none when empty");

/// The queue of notices; none on one machine, where mail never leaves.
pub struct Notices(Option<Source>);

struct Source {
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
    /// No queue, and so no notices.
    pub fn none() -> Self {
        Self(None)
    }

    /// Receives up to [`BATCH`] messages, which SQS hides from others for a while.
    pub async fn receive(&self) -> Result<Vec<Notice>, Fault> {
        let Some(source) = &self.0 else { return Ok(Vec::new()) };
        let body = json!({ "QueueUrl": source.queue, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": WAIT });
        let received: Received = source.ask(&call("AmazonSQS.ReceiveMessage", body)).await?;
        Ok(received.messages)
    }

    /// Takes up to [`BATCH`] messages out of the queue for good.
    pub async fn delete(&self, notices: &[&Notice]) -> Result<(), Fault> {
        let entries = notices.iter().enumerate();
        let entries: Vec<_> = entries
            .map(|(place, notice)| json!({ "Id": place.to_string(), "ReceiptHandle": notice.handle }))
            .collect();
        let Some(source) = self.0.as_ref().filter(|_| !entries.is_empty()) else { return Ok(()) };
        let body = json!({ "QueueUrl": source.queue, "Entries": entries });
        let call = call("AmazonSQS.DeleteMessageBatch", body);
        let deleted: Deleted = source.ask(&call).await?;
        match deleted.failed.len() {
            0 => Ok(()),
            count => Err(Fault::internal(format!("{count} notices were not deleted and come again"))),
        }
    }
}

impl Source {
    /// Calls SQS, at most twice. Both operations may run twice: received messages come again, deleted ones stay
    /// deleted.
    async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Fault> {
        let answer = self.aws.call(call, Deadline::within(2 * TIMEOUT)).await;
        answer.map_err(|error| Fault::internal(format!("the queue of notices: {error}")))
    }
}

impl Part for Notices {
    const NAME: &'static str = "notices";
    const REQUIREMENTS: Requirements = Requirements {
        parameters: &[MAIL_NOTICES_TOPIC_ARN],
        permissions: &[Permission::to(
            &["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            &[Resource::Arn("!GetAtt {function}Notices.Arn")],
        )],
        ..Requirements::settings(&[MAIL_NOTICES_QUEUE_URL])
    };
    type Parts = ExternalCalls;

    fn open(settings: &Reader<'_>, external: Arc<ExternalCalls>) -> Result<Self, Noted> {
        let queue = settings.required(&MAIL_NOTICES_QUEUE_URL, address)?;
        let variable = |key: &'static str| settings.aws(key);
        let aws = Aws::open("sqs", "AWS_ENDPOINT_URL_SQS", &variable, TIMEOUT, external.gate());
        Ok(Self(Some(Source { aws: aws.map_err(|bad| settings.note_all(bad))?, queue })))
    }
}
