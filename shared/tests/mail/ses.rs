use super::{FROM, external, letter, send, sender, text};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::{Config, Credentials, Region};
use bytes::Bytes;
use http::Request;
use shared::mail::{ADDRESS_INVALID, Ses, Unsent};
use testkit::AwsEmulator;

fn given(key: &'static str) -> String {
    // The emulator's region and keys are any; only its address is its own.
    testkit::aws_variable(key, "").unwrap()
}

/// SES takes mail from our address from now on.
async fn verify(url: &str) {
    let credentials =
        Credentials::new(given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"), None, None, "test");
    let config = Config::builder().region(Region::new(given("AWS_REGION"))).credentials_provider(credentials);
    let client = Client::from_conf(config.endpoint_url(url).build());
    client.create_email_identity().email_identity(FROM).send().await.unwrap();
}

#[tokio::test]
async fn a_mail_waits_for_its_sender_to_be_verified_and_is_then_sent_as_we_built_it() {
    let emulator = AwsEmulator::running().await;
    let ses = Ses::open(&|key| emulator.variable(key), sender(), None, external()).unwrap();

    let before = send(&ses, &letter()).await;
    assert!(
        matches!(&before, Err(Unsent::Failed(reason)) if reason.contains("MessageRejected")),
        "{before:?}"
    );

    let url = emulator.variable("AWS_ENDPOINT_URL_SESV2").unwrap();
    verify(&url).await;
    let sent = send(&ses, &letter()).await.unwrap();
    assert!(!sent.0.is_empty());

    let request = Request::get(format!("{url}/moto-api/data.json")).body(Bytes::new()).unwrap();
    let kept = external().http().send(request, 10_000_000).await.unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept.body).unwrap();
    let message = kept["ses"]["RawMessage"][0]["raw_data"].as_str().unwrap();
    assert!(message.contains("To: \"Ana \\\"Souza\\\"\" <ana@xn--exmple-qta.com>\r\n"), "{message}");
    assert!(
        message.contains("Message-ID: <01890a5dac96774bbcceb302099a8057@grafono.example>\r\n"),
        "{message}"
    );
}

#[tokio::test]
async fn an_address_that_is_none_never_gets_there() {
    let emulator = AwsEmulator::running().await;
    let ses = Ses::open(&|key| emulator.variable(key), sender(), None, external()).unwrap();
    let mut letter = letter();
    letter.address = text("ana@example.com>, <evil@example.com");
    assert_eq!(send(&ses, &letter).await, Err(Unsent::Refused(ADDRESS_INVALID)));
}

#[tokio::test]
async fn nobody_answering_is_a_failure_that_may_pass() {
    let nowhere = |key: &'static str| testkit::aws_variable(key, "http://127.0.0.1:9");
    let ses = Ses::open(&nowhere, sender(), None, external()).unwrap();
    assert!(matches!(send(&ses, &letter()).await, Err(Unsent::Failed(_))));
}
