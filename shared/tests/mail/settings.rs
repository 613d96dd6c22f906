use shared::clock::SystemClock;
use shared::external::SecretsManager;
use shared::mail::Mail;
use shared::parts::{Opening, requirements};
use shared::settings::{BadSettings, SettingError};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::AwsEmulator;

/// Opens the gateway with these settings and what leads to the emulator.
async fn open(settings: &[(&'static str, &str)]) -> Result<(), BadSettings> {
    let emulator = AwsEmulator::running().await;
    let settings: BTreeMap<_, _> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let variable = move |key: &'static str| settings.get(key).cloned().or_else(|| emulator.variable(key));
    let (clock, needed) = (Arc::new(SystemClock), requirements::<Mail>());
    let opening = Opening::with_secrets(variable, clock, &needed, SecretsManager::open).await;
    opening.finish(opening.part::<Mail>()).map(drop)
}

const FROM: (&str, &str) = ("MAIL_FROM", "no-reply@grafono.example");
const SENDGRID: (&str, &str) = ("MAIL_TRANSPORT", "sendgrid");

#[tokio::test]
async fn each_transport_is_opened_by_its_settings_and_reads_no_other_transports() {
    let ses = ("MAIL_TRANSPORT", "ses");
    assert_eq!(open(&[FROM, ses]).await, Ok(()));
    assert_eq!(open(&[FROM, ses, ("SENDGRID_API_KEY_SECRET_ARN", "no ARN")]).await, Ok(()));
    assert_eq!(open(&[FROM, SENDGRID, ("SENDGRID_API_KEY", "canary")]).await, Ok(()));
    let arn = AwsEmulator::running().await.keep("canary").await;
    assert_eq!(open(&[FROM, SENDGRID, ("SENDGRID_API_KEY_SECRET_ARN", &arn)]).await, Ok(()));
}

#[tokio::test]
async fn a_bad_setting_is_named_and_its_value_is_not() {
    use SettingError::{Expected, GivenTwice, Missing, NeitherGiven};
    let sender = "no-reply@example.com or A name <no-reply@example.com>";
    let key = ("SENDGRID_API_KEY", "canary");
    let arn = ("SENDGRID_API_KEY_SECRET_ARN", "canary");
    let cases = [
        (vec![], vec![("MAIL_FROM", Missing), ("MAIL_TRANSPORT", Missing)]),
        (
            vec![("MAIL_FROM", "canary"), ("MAIL_TRANSPORT", "canary")],
            vec![
                ("MAIL_FROM", Expected(sender.into())),
                ("MAIL_TRANSPORT", Expected("ses or sendgrid".into())),
            ],
        ),
        (vec![FROM, SENDGRID], vec![("SENDGRID_API_KEY", NeitherGiven("SENDGRID_API_KEY_SECRET_ARN"))]),
        (
            vec![FROM, SENDGRID, key, arn],
            vec![("SENDGRID_API_KEY", GivenTwice("SENDGRID_API_KEY_SECRET_ARN"))],
        ),
        (
            vec![FROM, SENDGRID, key, ("SENDGRID_URL", "canary")],
            vec![("SENDGRID_URL", Expected("an address such as https://api.sendgrid.com".into()))],
        ),
    ];
    for (settings, expected) in cases {
        let bad = open(&settings).await.unwrap_err();
        assert!(!bad.to_string().contains("canary"), "{bad}");
        assert_eq!(bad, BadSettings(expected));
    }
}
