use crate::AwsEmulator;
use crate::lambda::{Environment, FAR_AWAY, batch, failures, record};
use crate::parts::open_part;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Config, Credentials, Region};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as System, QueueAttributeName as Attribute};
use serde_json::{Value, json};
use shared::background::ATTEMPTS;
use shared::outbox::Queues as OpenQueues;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The queue that wakes the relay.
const NUDGES: &str = "outbox-nudges";

/// The variables with a function's region and credentials at AWS.
pub(crate) const KEYS: [&str; 4] =
    ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_SQS"];

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The queues of consumers in the emulator, as the templates make them, for one test.
#[derive(Debug)]
pub struct Queues {
    client: Client,
    /// The value of `QUEUE_URL_PREFIX`.
    prefix: String,
    variables: Vec<(&'static str, String)>,
}

impl Queues {
    /// A queue for each of these consumers, with a queue of dead letters, and the queue that wakes the relay.
    pub async fn of(consumers: &[&str]) -> Self {
        let emulator = AwsEmulator::running().await;
        let client = client(emulator);
        let prefix = format!("grafono-test-{}-", NEXT.fetch_add(1, Ordering::SeqCst));
        let nudges = client.create_queue().queue_name(format!("{prefix}{NUDGES}")).send().await.unwrap();
        let nudges = nudges.queue_url.unwrap();
        let prefix = nudges.strip_suffix(NUDGES).unwrap().to_owned();
        let mut variables: Vec<_> =
            KEYS.into_iter().filter_map(|key| Some((key, emulator.variable(key)?))).collect();
        variables.push(("QUEUE_URL_PREFIX", prefix.clone()));
        variables.push(("NUDGE_QUEUE_URL", nudges));
        let queues = Self { client, prefix, variables };
        for consumer in consumers {
            queues.make(consumer).await;
        }
        queues
    }

    async fn make(&self, consumer: &str) {
        let (_, prefix) = self.prefix.rsplit_once('/').unwrap();
        let fifo = |name: &str| {
            let request = self.client.create_queue().queue_name(format!("{prefix}{name}.fifo"));
            request
                .attributes(Attribute::FifoQueue, "true")
                .attributes(Attribute::DeduplicationScope, "messageGroup")
                .attributes(Attribute::FifoThroughputLimit, "perMessageGroupId")
        };
        let dead = fifo(&format!("{consumer}-dead")).send().await.unwrap().queue_url.unwrap();
        let arn = self.attribute(&dead, Attribute::QueueArn).await;
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": ATTEMPTS });
        let queue = fifo(consumer).attributes(Attribute::RedrivePolicy, redrive.to_string());
        queue.send().await.unwrap();
    }

    /// The variables that lead a function to these queues, by key.
    pub fn variable(&self, key: &str) -> Option<String> {
        self.variables.iter().find(|(own, _)| *own == key).map(|(_, value)| value.clone())
    }

    /// All of these variables.
    pub fn variables(&self) -> Vec<(&'static str, &str)> {
        self.variables.iter().map(|(key, value)| (*key, value.as_str())).collect()
    }

    /// The queues as the relay has them on Lambda.
    pub fn open(&self) -> Arc<OpenQueues> {
        open_part(&self.variables()).unwrap()
    }

    /// The same, but with SQS at another address.
    pub fn open_at(&self, address: &str) -> Arc<OpenQueues> {
        let mut variables = self.variables();
        variables.retain(|(key, _)| *key != "AWS_ENDPOINT_URL_SQS");
        variables.push(("AWS_ENDPOINT_URL_SQS", address));
        open_part(&variables).unwrap()
    }

    /// Puts a message into a consumer's queue, past the relay.
    pub async fn put(&self, consumer: &str, group: &str, body: &str) {
        let id = format!("by-hand-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let message = self.client.send_message().queue_url(self.url(consumer)).message_body(body);
        message.message_group_id(group).message_deduplication_id(id).send().await.unwrap();
    }

    /// The number of messages in a consumer's queue, received ones included. `<consumer>-dead` names the queue of dead
    /// letters.
    pub async fn count(&self, consumer: &str) -> usize {
        self.count_at(&self.url(consumer)).await
    }

    /// The number of nudges of the relay.
    pub async fn nudges(&self) -> usize {
        self.count_at(&format!("{}{NUDGES}", self.prefix)).await
    }

    /// Takes everything out of a consumer's queue: each message's stream and body, in the order received.
    pub async fn drain(&self, consumer: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        loop {
            let messages = self.receive(consumer).await;
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                self.delete(consumer, &message).await;
                all.push((system(&message, &System::MessageGroupId), message.body.unwrap()));
            }
        }
    }

    /// Hands the messages of a consumer's queue to its function, batch by batch, until none is left. Messages that the
    /// function hands back may be received again at once. Every message handed over, in order: its body, and whether
    /// the function took it.
    pub async fn deliver(&self, consumer: &str, function: &Environment) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        loop {
            let messages = self.receive(consumer).await;
            if messages.is_empty() {
                return all;
            }
            let records: Vec<Value> = messages.iter().map(as_record).collect();
            let failed = failures(function.invoke(&batch(&records), FAR_AWAY).await);
            for message in messages {
                let is_taken = !failed.contains(message.message_id.as_ref().unwrap());
                if is_taken {
                    self.delete(consumer, &message).await;
                } else {
                    self.give_back(consumer, &message).await;
                }
                all.push((message.body.unwrap(), is_taken));
            }
        }
    }

    async fn receive(&self, consumer: &str) -> Vec<Message> {
        let request = self.client.receive_message().queue_url(self.url(consumer)).max_number_of_messages(10);
        let received = request.message_system_attribute_names(System::All).send().await.unwrap();
        received.messages.unwrap_or_default()
    }

    async fn delete(&self, consumer: &str, message: &Message) {
        let request = self.client.delete_message().queue_url(self.url(consumer));
        request.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
    }

    async fn give_back(&self, consumer: &str, message: &Message) {
        let request = self.client.change_message_visibility().queue_url(self.url(consumer));
        let request = request.set_receipt_handle(message.receipt_handle.clone());
        request.visibility_timeout(0).send().await.unwrap();
    }

    async fn count_at(&self, url: &str) -> usize {
        let waiting: usize =
            self.attribute(url, Attribute::ApproximateNumberOfMessages).await.parse().unwrap();
        let received = self.attribute(url, Attribute::ApproximateNumberOfMessagesNotVisible).await;
        waiting + received.parse::<usize>().unwrap()
    }

    async fn attribute(&self, url: &str, name: Attribute) -> String {
        let request = self.client.get_queue_attributes().queue_url(url).attribute_names(name.clone());
        request.send().await.unwrap().attributes.unwrap().remove(&name).unwrap()
    }

    fn url(&self, consumer: &str) -> String {
        format!("{}{consumer}.fifo", self.prefix)
    }
}

fn as_record(message: &Message) -> Value {
    let receives = system(message, &System::ApproximateReceiveCount).parse().unwrap();
    let group = system(message, &System::MessageGroupId);
    record(message.message_id.as_ref().unwrap(), &group, message.body.as_ref().unwrap(), receives)
}

fn system(message: &Message, name: &System) -> String {
    message.attributes.as_ref().unwrap()[name].clone()
}

pub(crate) fn client(emulator: &AwsEmulator) -> Client {
    let given = |key| emulator.variable(key).unwrap();
    let (id, key) = (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"));
    let config = Config::builder()
        .region(Region::new(given("AWS_REGION")))
        .credentials_provider(Credentials::new(id, key, None, None, "test"))
        .endpoint_url(given("AWS_ENDPOINT_URL_SQS"));
    Client::from_conf(config.build())
}
