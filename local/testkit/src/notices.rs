use crate::AwsEmulator;
use crate::parts::open_part;
use crate::queues::{KEYS, client};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use serde_json::{Value, json};
use shared::mail::Notices;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The queue of SES's notices, in the emulator, for one test. A message that was received and not deleted stays hidden
/// for longer than the test takes.
#[derive(Debug)]
pub struct NoticeQueue {
    client: Client,
    url: String,
    variables: Vec<(&'static str, String)>,
}

impl NoticeQueue {
    /// A new, empty queue.
    pub async fn made() -> Self {
        let emulator = AwsEmulator::running().await;
        let client = client(emulator);
        let name = format!("notices-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let queue = client.create_queue().queue_name(name).attributes(Attribute::VisibilityTimeout, "3600");
        let url = queue.send().await.unwrap().queue_url.unwrap();
        let mut variables: Vec<_> =
            KEYS.into_iter().filter_map(|key| Some((key, emulator.variable(key)?))).collect();
        variables.push(("MAIL_NOTICES_QUEUE_URL", url.clone()));
        Self { client, url, variables }
    }

    /// The variables that lead a function to this queue.
    pub fn variables(&self) -> Vec<(&'static str, &str)> {
        self.variables.iter().map(|(key, value)| (*key, value.as_str())).collect()
    }

    /// The queue as the function has it on Lambda.
    pub fn open(&self) -> Arc<Notices> {
        open_part(&self.variables()).unwrap()
    }

    /// Puts an event of SES into the queue, as SNS does.
    pub async fn publish(&self, event: &Value) {
        let envelope = json!({
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:sample",
            "Subject": "Amazon SES Email Event Notification",
            "Message": event.to_string(),
            "Timestamp": "2017-08-05T00:41:03.000Z",
            "SignatureVersion": "1",
            "Signature": "sample",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/sample.pem",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        });
        self.put(&envelope.to_string()).await;
    }

    /// Puts a message into the queue as it is.
    pub async fn put(&self, body: &str) {
        self.client.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
    }

    /// The number of messages, received and undeleted ones included.
    pub async fn count(&self) -> usize {
        let [waiting, received] =
            [Attribute::ApproximateNumberOfMessages, Attribute::ApproximateNumberOfMessagesNotVisible];
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let request = request.attribute_names(waiting.clone()).attribute_names(received.clone());
        let counts = request.send().await.unwrap().attributes.unwrap();
        counts[&waiting].parse::<usize>().unwrap() + counts[&received].parse::<usize>().unwrap()
    }
}
