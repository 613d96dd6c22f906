use serde_json::Value;
use std::time::Duration;
use testkit::lambda::{
    Environment, FAR_AWAY, Outcome, answers_as_the_pipeline_does, program, takes_what_its_queue_hands_over,
};
use testkit::{AwsEmulator, World};

/// A test app with the world of the sample events.
pub(crate) async fn world() -> World {
    World::of(super::app().await.0).await
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(world().await, world().await).await;
}

#[tokio::test]
async fn every_built_consumer_takes_its_sample_and_names_what_it_cannot_take() {
    let world = world().await;
    let key = world.app.keys().0.clone();
    let settings = [("RECEIPT_SECRET_KEY", key.as_str()), ("PUBLIC_URL", testkit::ISSUER)];
    takes_what_its_queue_hands_over(&world, &settings).await;
}

/// Holds the balance of the sample's patient, so that whoever books waits.
const HOLD: &str = "BEGIN; SELECT 1 FROM billing.balances FOR UPDATE; SELECT pg_sleep(0.7); COMMIT";

/// Waits until so many of the database's connections are in that state.
async fn until(world: &World, count: u32, state: &str) {
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {state}");
    for _ in 0..250 {
        if world.app.database.value(&sql).await == count.to_string() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never {count} with {state}");
}

pub(crate) fn status(outcome: Outcome) -> u64 {
    let Outcome::Response(reply) = outcome else { panic!("{outcome:?}") };
    serde_json::from_str::<Value>(&reply).unwrap()["statusCode"].as_u64().unwrap()
}

#[tokio::test]
async fn at_sigterm_the_request_under_way_is_answered_and_the_connection_closed() {
    let world = world().await;
    let mut function = world.start("create-transaction", &[]).await;
    function.ready().await;
    let database = world.app.database.clone();
    let holding = tokio::spawn(async move { database.run(HOLD).await });
    until(&world, 1, "wait_event = 'PgSleep'").await;

    let event = world.event("create-transaction");
    let (outcome, ()) = tokio::join!(function.invoke(&event, FAR_AWAY), async {
        until(&world, 1, "usename = 'billing' AND wait_event_type = 'Lock'").await;
        function.terminate();
    });
    holding.await.unwrap();

    assert_eq!(status(outcome), 201);
    let (ended, log) = function.ended().await;
    assert!(ended.success(), "{ended}: {log}");
    assert!(log.contains(r#""event":"request""#), "{log}");
    assert_eq!(world.app.database.value("SELECT count(*) FROM billing.transfers").await, "3");
    // A pooler keeps connections of its own.
    if !world.app.database.is_pooled() {
        until(&world, 0, "usename = 'billing'").await;
    }
}

#[tokio::test]
async fn under_managed_concurrency_events_are_answered_side_by_side() {
    let world = world().await;
    let settings = [("AWS_LAMBDA_MAX_CONCURRENCY", "4"), ("DATABASE_CONNECTIONS", "4")];
    let mut function = world.start("get-balance", &settings).await;
    function.ready().await;
    let event = world.event("get-balance");

    let outcomes = futures_util::future::join_all((0..20).map(|_| function.invoke(&event, FAR_AWAY))).await;

    assert!(outcomes.into_iter().all(|outcome| status(outcome) == 200));
}

#[tokio::test]
async fn a_bad_setting_ends_the_start_with_its_name_and_without_its_value() {
    let settings = [
        ("DATABASE_URL", "canary:// no address"),
        ("TOKEN_PUBLIC_KEYS", ""),
        ("PUBLIC_URL", testkit::ISSUER),
    ];
    let function = Environment::start(&program("get-balance"), &settings).await;
    let (status, log) = function.ended().await;
    assert_eq!(status.code(), Some(1), "{log}");
    let expected = "DATABASE_URL must be an address such as postgresql://user:password@host:5432/database; TOKEN_PUBLIC_KEYS is missing";
    assert!(log.contains(expected), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[tokio::test]
async fn a_secret_by_its_arn_is_fetched_at_start() {
    let world = world().await;
    let emulator = AwsEmulator::running().await;
    let arn = emulator.keep(&world.app.database.function_url("billing")).await;
    let keys =
        ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];
    let aws: Vec<_> = keys.into_iter().filter_map(|key| Some((key, emulator.variable(key)?))).collect();
    let kept = [("DATABASE_URL", ""), ("DATABASE_URL_SECRET_ARN", arn.as_str())];
    let settings: Vec<_> = aws.iter().map(|(key, value)| (*key, value.as_str())).chain(kept).collect();
    let mut function = world.start("get-balance", &settings).await;
    function.ready().await;
    assert_eq!(status(function.invoke(&world.event("get-balance"), FAR_AWAY).await), 200);
}

#[tokio::test]
async fn without_a_database_a_function_starts_and_answers_503() {
    let world = world().await;
    let nobody = [("DATABASE_URL", "postgresql://billing@127.0.0.1:1/grafono")];
    let mut function = world.start("get-balance", &nobody).await;
    function.ready().await;
    assert_eq!(status(function.invoke(&world.event("get-balance"), FAR_AWAY).await), 503);
}
