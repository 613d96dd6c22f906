use super::external;
use shared::external::SecretsManager;
use shared::mail;
use shared::settings::{BadSettings, SettingError};
use testkit::AwsEmulator;

/// Opens the gateway with these settings and what leads to the emulator.
async fn open(settings: &[(&str, &str)]) -> Result<(), BadSettings> {
    let emulator = AwsEmulator::running().await;
    let variable = |key: &'static str| {
        let own = settings.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        own.or_else(|| emulator.variable(key))
    };
    mail::open(&variable, SecretsManager::open, external()).await.map(drop)
}

const FROM: (&str, &str) = ("MAIL_FROM", "no-reply@grafono.example");
const SENDGRID: (&str, &str) = ("MAIL_TRANSPORT", "sendgrid");

#[tokio::test]
async fn each_transport_is_opened_by_its_settings() {
    assert_eq!(open(&[FROM, ("MAIL_TRANSPORT", "ses")]).await, Ok(()));
    assert_eq!(open(&[FROM, SENDGRID, ("SENDGRID_API_KEY", "canary")]).await, Ok(()));
    let arn = AwsEmulator::running().await.keep("canary").await;
    assert_eq!(open(&[FROM, SENDGRID, ("SENDGRID_API_KEY_SECRET_ARN", &arn)]).await, Ok(()));
}

#[tokio::test]
async fn a_key_given_by_its_value_needs_no_store() {
    let settings = [FROM, SENDGRID, ("SENDGRID_API_KEY", "canary")];
    let variable = |key: &'static str| {
        settings.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
    };
    let opened = mail::open(&variable, |_| panic!("no secret is kept"), external()).await;
    assert!(opened.is_ok());
}

#[tokio::test]
async fn a_bad_setting_is_named_and_its_value_is_not() {
    use SettingError::{GivenTwice, Malformed, Missing, NeitherGiven};
    let key = ("SENDGRID_API_KEY", "canary");
    let arn = ("SENDGRID_API_KEY_SECRET_ARN", "canary");
    let cases = [
        (vec![], vec![("MAIL_FROM", Missing), ("MAIL_TRANSPORT", Missing)]),
        (
            vec![("MAIL_FROM", "canary"), ("MAIL_TRANSPORT", "canary")],
            vec![("MAIL_FROM", Malformed), ("MAIL_TRANSPORT", Malformed)],
        ),
        (vec![FROM, SENDGRID], vec![("SENDGRID_API_KEY", NeitherGiven("SENDGRID_API_KEY_SECRET_ARN"))]),
        (
            vec![FROM, SENDGRID, key, arn],
            vec![("SENDGRID_API_KEY", GivenTwice("SENDGRID_API_KEY_SECRET_ARN"))],
        ),
        (vec![FROM, SENDGRID, key, ("SENDGRID_URL", "canary")], vec![("SENDGRID_URL", Malformed)]),
    ];
    for (settings, expected) in cases {
        let bad = open(&settings).await.unwrap_err();
        assert!(!bad.to_string().contains("canary"), "{bad}");
        assert_eq!(bad, BadSettings(expected));
    }
}
