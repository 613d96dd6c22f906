//! Batches of messages, as SQS hands them to a consumer's function.

use super::{FAR_AWAY, Outcome};
use crate::World;
use crate::canary::assert_none_in;
use serde_json::{Value, json};

/// A message of that stream in a batch, received for the `receives`th time.
pub fn record(id: &str, group: &str, body: &str, receives: u32) -> Value {
    json!({
        "messageId": id, "body": body,
        "attributes": { "ApproximateReceiveCount": receives.to_string(), "MessageGroupId": group },
    })
}

/// An event with these messages.
pub fn batch(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// The messages that the function wants to have again.
pub fn failures(outcome: Outcome) -> Vec<String> {
    let Outcome::Response(reply) = outcome else { panic!("{outcome:?}") };
    let reply: Value = serde_json::from_str(&reply).unwrap();
    let failures = reply["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

/// Starts the built function of every consumer in the test app and hands it its sample event, a batch with an
/// unreadable message, and an event that is no batch.
pub async fn takes_what_its_queue_hands_over(world: &World, further: &[(&str, &str)]) {
    let consumers = world.app.consumers();
    assert!(!consumers.is_empty(), "there is no consumer to be tried");
    for name in consumers {
        let function = world.start_consumer(name, further).await;
        let sample = world.event(name);
        assert_eq!(failures(function.invoke(&sample, FAR_AWAY).await), Vec::<String>::new(), "{name}");
        let taken = format!("SELECT count(*) FROM kernel.inbox WHERE consumer = '{name}'");
        assert_eq!(world.app.database.value(&taken).await, "1", "{name}");

        // The sample once more, beside a message that nobody can read.
        let mut mixed: Value = serde_json::from_str(&sample).unwrap();
        let unreadable = record("unreadable", "another-stream", "canary, and no JSON", 1);
        mixed["Records"].as_array_mut().unwrap().insert(0, unreadable);
        let outcome = function.invoke(&mixed.to_string(), FAR_AWAY).await;
        assert_eq!(failures(outcome), ["unreadable"], "{name}");

        let refused = function.invoke(r#"{"Records":{"canary":7}}"#, FAR_AWAY).await;
        assert!(matches!(refused, Outcome::Error(_)), "{name}: {refused:?}");
        assert_eq!(failures(function.invoke(&sample, FAR_AWAY).await), Vec::<String>::new(), "{name}");
        assert_eq!(world.app.database.value(&taken).await, "1", "{name} took its sample more than once");

        function.terminate();
        let (status, log) = function.ended().await;
        assert!(status.success(), "{name}: {status}: {log}");
        assert_none_in("a consumer's log", &log);
        assert_eq!(log.matches("\"event\":\"consumed\"").count(), 4, "{name}: {log}");
    }
}
