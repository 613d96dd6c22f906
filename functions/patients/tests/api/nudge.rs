//! A built function that has written something wakes the relay, after its reply and whether or not that works.

use super::binaries::world;
use serde_json::Value;
use testkit::lambda::{Environment, FAR_AWAY, Outcome};
use testkit::{Queues, SAMPLE_ID, World};

async fn status(function: &Environment, event: &str) -> u64 {
    let Outcome::Response(reply) = function.invoke(event, FAR_AWAY).await else {
        unreachable!("no reply to {event}");
    };
    let reply: Value = serde_json::from_str(&reply).unwrap();
    reply.get("statusCode").and_then(Value::as_u64).unwrap()
}

async fn start(world: &World, name: &str, variables: &[(&str, &str)]) -> Environment {
    let mut function = world.start(name, variables).await;
    function.ready().await;
    function
}

/// Stops it: what is to be done after its last reply is done by then. Its log.
async fn stop(function: Environment) -> String {
    function.terminate();
    let (status, log) = function.ended().await;
    assert!(status.success(), "{status}: {log}");
    log
}

#[tokio::test]
async fn after_a_change_the_relay_is_nudged_once_and_after_a_read_or_a_refusal_never() {
    let (world, queues) = (world().await, Queues::of(&[]).await);
    let writer = start(&world, "export-patient", &queues.variables()).await;
    let reader = start(&world, "get-patient", &queues.variables()).await;
    let export = world.event("export-patient");

    assert_eq!(status(&reader, &world.event("get-patient")).await, 200);
    let unknown = export.replace(SAMPLE_ID, "01890a5d-ac96-774b-bcce-b302099a8059");
    assert_eq!(status(&writer, &unknown).await, 404);
    assert_eq!(status(&writer, &export.replace("Bearer ", "Nobody ")).await, 401);
    drop((stop(reader).await, stop(writer).await));
    assert_eq!(queues.nudges().await, 0);

    let writer = start(&world, "export-patient", &queues.variables()).await;
    assert_eq!(status(&writer, &export).await, 202);
    let log = stop(writer).await;
    assert_eq!(queues.nudges().await, 1);
    assert!(!log.contains("\"event\":\"nudge\""), "{log}");
}

#[tokio::test]
async fn a_queue_that_does_not_answer_changes_no_reply_and_is_told_of_once() {
    let (world, queues) = (world().await, Queues::of(&[]).await);
    let away: Vec<_> = queues
        .variables()
        .into_iter()
        .map(|(key, value)| (key, if key == "AWS_ENDPOINT_URL_SQS" { "http://127.0.0.1:1" } else { value }))
        .collect();
    let writer = start(&world, "export-patient", &away).await;
    assert_eq!(status(&writer, &world.event("export-patient")).await, 202);
    let log = stop(writer).await;
    assert_eq!(log.matches("the relay was not nudged; it will look by itself").count(), 1, "{log}");
    assert_eq!(
        world.app.database.value("SELECT count(*) FROM kernel.jobs WHERE kind = 'patient.export'").await,
        "1"
    );
}
