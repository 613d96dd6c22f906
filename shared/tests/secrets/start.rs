use crate::login::Login;
use crate::stores::{Environment, failing_aws};
use crate::traffic::{add, at_once};
use shared::access::token::new_key_pair;
use shared::app::Frame;
use shared::clock::SystemClock;
use shared::database::Database;
use shared::external::SecretsManager;
use shared::parts::Opening;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::AwsEmulator;

const URL: &str = "postgresql://patients:canary-password@localhost/grafono";
const ARN: &str = "arn:aws:secretsmanager:sa-east-1:123456789012:secret:unknown-a1b2c3";

/// Loading must fail, soon, with a line that says this and shows no value.
async fn assert_refuses(environment: &Environment, expected: &str) {
    let loading = tokio::time::timeout(Duration::from_secs(8), environment.load());
    let bad = loading.await.unwrap().unwrap_err();
    assert_eq!(bad.to_string(), expected);
    assert!(!format!("{bad:?}").contains("canary"), "{bad:?}");
}

#[tokio::test]
async fn plain_values_are_taken_and_no_client_of_a_store_is_made() {
    let environment = Environment::at("http://127.0.0.1:1")
        .with("DATABASE_URL", URL)
        .with("REDIS_URL", "redis://:canary@127.0.0.1:1");

    let opened = environment.open(|_| panic!("no secret is kept")).await.unwrap();

    assert!(opened.redis.is_given());
}

#[tokio::test]
async fn both_secrets_are_fetched_by_their_arn_and_a_line_break_at_the_end_does_not_count() {
    let emulator = AwsEmulator::running().await;
    let login = Login::new("fetched").await;
    let (secret, public) = new_key_pair().unwrap();
    let environment = Environment::emulated()
        .await
        .with("DATABASE_URL_SECRET_ARN", emulator.keep(&format!("{}\n", login.url())).await)
        .without("TOKEN_SECRET_KEY")
        .with("TOKEN_SECRET_KEY_SECRET_ARN", emulator.keep(&format!("{secret}\n")).await)
        .with("TOKEN_PUBLIC_KEYS", public);

    let settings = environment.load().await.unwrap();

    add(&settings.database, "one").await.unwrap();
    assert_eq!(login.words().await, ["one"]);
}

#[tokio::test]
async fn a_secret_is_fetched_once_however_many_connections_are_opened() {
    let login = Login::new("many").await;
    let (environment, _) = login.kept().await;
    let environment = environment.with("DATABASE_CONNECTIONS", "8");

    let (settings, fetches) = environment.load_counted().await;
    at_once(&settings.database, 8).await;

    assert_eq!(login.backends().await, "8");
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn both_forms_of_a_setting_are_one_too_many() {
    let environment = Environment::at("http://127.0.0.1:1")
        .with("DATABASE_URL", URL)
        .with("DATABASE_URL_SECRET_ARN", ARN)
        .with("TOKEN_SECRET_KEY_SECRET_ARN", ARN)
        .with("CORS_ALLOWED_ORIGINS", "canary");

    assert_refuses(
        &environment,
        "DATABASE_URL is given, and so is DATABASE_URL_SECRET_ARN: exactly one of them is needed; \
         TOKEN_SECRET_KEY is given, and so is TOKEN_SECRET_KEY_SECRET_ARN: exactly one of them is needed; \
         CORS_ALLOWED_ORIGINS must be exact origins such as https://app.example.com, separated by commas, \
         without a * or a path",
    )
    .await;
}

#[tokio::test]
async fn neither_form_of_a_setting_is_one_too_few_unless_it_is_not_needed() {
    let environment = Environment::at("http://127.0.0.1:1").without("TOKEN_SECRET_KEY");

    assert_refuses(
        &environment,
        "DATABASE_URL is missing, and so is DATABASE_URL_SECRET_ARN: exactly one of them is needed; \
         TOKEN_SECRET_KEY is missing, and so is TOKEN_SECRET_KEY_SECRET_ARN: exactly one of them is needed",
    )
    .await;
    let environment = environment.with("DATABASE_URL", URL);
    let needed = Frame::NONE.with_database().requirements();
    let variable = move |key| environment.value(key);
    let opening = Opening::with_secrets(variable, Arc::new(SystemClock), &needed, SecretsManager::open).await;
    assert!(opening.finish(opening.part::<Database>()).is_ok());
}

#[tokio::test]
async fn a_secret_that_is_not_what_it_should_be_is_named_by_the_key_that_was_given() {
    let emulator = AwsEmulator::running().await;
    let environment = Environment::emulated()
        .await
        .with("DATABASE_URL_SECRET_ARN", emulator.keep("canary:// is no address").await)
        .without("TOKEN_SECRET_KEY")
        .with("TOKEN_SECRET_KEY_SECRET_ARN", emulator.keep_binary(b"canary").await);

    assert_refuses(
        &environment,
        "TOKEN_SECRET_KEY_SECRET_ARN names a secret that cannot be fetched: there is no text in it; \
         DATABASE_URL_SECRET_ARN must be an address such as postgresql://user:password@host:5432/database",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_arn_ends_the_start_with_a_line_that_names_its_key() {
    let environment = Environment::emulated().await.with("DATABASE_URL_SECRET_ARN", ARN);

    assert_refuses(
        &environment,
        "DATABASE_URL_SECRET_ARN names a secret that cannot be fetched: \
         the store answered ResourceNotFoundException",
    )
    .await;
}

#[tokio::test]
async fn a_denied_access_ends_the_start_with_a_line_that_names_its_key() {
    let environment = Environment::at(&failing_aws(Some("AccessDeniedException")).await)
        .with("DATABASE_URL_SECRET_ARN", ARN);

    assert_refuses(
        &environment,
        "DATABASE_URL_SECRET_ARN names a secret that cannot be fetched: \
         the store answered AccessDeniedException",
    )
    .await;
}

#[tokio::test]
async fn a_store_that_stays_silent_or_is_not_there_ends_the_start_in_time() {
    for aws in [failing_aws(None).await, "http://127.0.0.1:1".to_owned()] {
        let environment = Environment::at(&aws)
            .with("DATABASE_URL_SECRET_ARN", ARN)
            .without("TOKEN_SECRET_KEY")
            .with("TOKEN_SECRET_KEY_SECRET_ARN", ARN);

        assert_refuses(
            &environment,
            "DATABASE_URL_SECRET_ARN names a secret that cannot be fetched: the store did not answer; \
             TOKEN_SECRET_KEY_SECRET_ARN names a secret that cannot be fetched: the store did not answer",
        )
        .await;
    }
}

#[tokio::test]
async fn what_leads_to_the_store_is_checked_too() {
    let environment = Environment::at("canary").with("DATABASE_URL_SECRET_ARN", ARN);
    let expected =
        "AWS_ENDPOINT_URL_SECRETS_MANAGER must be an address such as https://sqs.eu-west-1.amazonaws.com";
    assert_refuses(&environment, expected).await;

    let environment = environment.with("AWS_REGION", "").with("AWS_ACCESS_KEY_ID", "");
    assert_refuses(&environment, "AWS_REGION is missing; AWS_ACCESS_KEY_ID is missing").await;
}
