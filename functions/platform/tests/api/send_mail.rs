use super::app;
use jiff::SignedDuration;
use shared::clock::Clock as _;
use shared::mail::{MAIL_REFUSED, Unsent};
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp};

const CONSUMER: &str = "send-mail";

/// What is in a mail, as one row: the address, and whatever else was put in.
const CONTENT: &str = "SELECT concat(recipient_address, recipient_name, subject, html, plain_text, attachments) FROM kernel.mails";

/// Puts a mail into the letter box as another module does; its event.
async fn requested(app: &TestApp, tenant: &Tenant) -> Event {
    let now = app.clock.now();
    let sql = format!(
        "SET app.clinic_id = '{clinic}';
         WITH requested AS (
             INSERT INTO kernel.mails
                    (id, clinic_id, key, language, recipient_address, recipient_name, subject, html, plain_text,
                     attachments, created_at, updated_at)
             VALUES (uuidv7(), '{clinic}', 'a key', 'en', 'canary@example.com', 'Canary', 'canary subject',
                     '<p>canary</p>', 'canary',
                     '[{{\"name\":\"canary.txt\",\"mediaType\":\"text/plain\",\"content\":\"AAEC\"}}]', '{now}', '{now}')
             RETURNING id)
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT uuidv7(), '{clinic}', 'mail', id, 1, 'mail.requested', jsonb_build_object('mailId', id),
                '00-00000000000000000000000000000001-0000000000000001-00', '{now}', '{now}'
           FROM requested",
        clinic = tenant.clinic
    );
    app.database.run_as("identity", &sql).await.unwrap();
    app.events().await.pop().unwrap()
}

/// A test app with one mail in the letter box.
async fn with_a_mail() -> (Arc<TestApp>, Tenant, Event) {
    let app = Arc::new(app().await);
    let tenant = app.tenant().await;
    let event = requested(&app, &tenant).await;
    (app, tenant, event)
}

async fn state(app: &TestApp) -> Vec<String> {
    let sql = "SELECT state, failure, provider_id, leased_until IS NULL FROM kernel.mails";
    app.database.rows(sql).await.remove(0)
}

#[tokio::test]
async fn a_mail_is_sent_as_it_was_requested_and_then_nothing_of_it_is_kept() {
    let (app, tenant, event) = with_a_mail().await;

    app.take(CONSUMER, &event).await.unwrap();

    let [letter] = app.mail.sent().try_into().unwrap();
    assert_eq!((letter.id, letter.clinic), (event.aggregate_id, tenant.clinic));
    assert_eq!((letter.address.as_str(), letter.subject.as_str()), ("canary@example.com", "canary subject"));
    assert_eq!(letter.name.unwrap().as_str(), "Canary");
    assert_eq!((letter.html.as_str(), letter.plain_text.as_str()), ("<p>canary</p>", "canary"));
    assert_eq!(
        (letter.attachments[0].name.as_str(), &*letter.attachments[0].content),
        ("canary.txt", &[0, 1, 2][..])
    );
    assert_eq!(letter.requested_at, app.clock.now());
    assert_eq!(state(&app).await, ["sent", "NULL", &format!("test-{}", letter.id), "t"]);
    let kept = app.database.value("SELECT m::text FROM kernel.mails AS m").await;
    assert!(!kept.to_lowercase().contains("canary"), "{kept}");
}

#[tokio::test]
async fn what_is_refused_for_good_has_its_reason_and_nothing_else_is_kept() {
    let (app, _, event) = with_a_mail().await;
    app.mail.fail_next(Unsent::Refused(MAIL_REFUSED));

    app.take(CONSUMER, &event).await.unwrap();
    app.take(CONSUMER, &event).await.unwrap();

    assert!(app.mail.sent().is_empty(), "it is not tried again");
    assert_eq!(state(&app).await, ["failed", MAIL_REFUSED, "NULL", "t"]);
    assert_eq!(app.database.value(CONTENT).await, "");
}

#[tokio::test]
async fn a_failure_that_may_pass_loses_nothing_and_the_next_attempt_may_begin_at_once() {
    let (app, _, event) = with_a_mail().await;
    let before = app.database.value(CONTENT).await;
    app.mail.fail_next(Unsent::Failed("no answer".to_owned()));

    assert!(app.take(CONSUMER, &event).await.is_err());
    assert_eq!(state(&app).await, ["queued", "NULL", "NULL", "t"]);
    assert_eq!(app.database.value(CONTENT).await, before);

    app.take(CONSUMER, &event).await.unwrap();
    assert_eq!((app.mail.sent().len(), state(&app).await[0].as_str()), (1, "sent"));
}

#[tokio::test]
async fn when_the_last_attempt_has_failed_the_mail_waits_for_its_dead_letter() {
    let (app, _, event) = with_a_mail().await;
    let before = app.database.value(CONTENT).await;
    app.mail.fail_next(Unsent::Failed("no answer".to_owned()));

    assert!(app.take_last(CONSUMER, &event).await.is_err());
    assert_eq!((state(&app).await[0].as_str(), app.database.value(CONTENT).await), ("queued", before));

    app.take(CONSUMER, &event).await.unwrap();
    assert_eq!(app.mail.sent().len(), 1);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_two_at_once_one_sends() {
        let (app, _, event) = with_a_mail().await;
        let held = app.mail.hold().await;
        let first = tokio::spawn({
            let (app, event) = (Arc::clone(&app), event.clone());
            async move { app.take(CONSUMER, &event).await }
        });
        app.mail.given().await;

        let second = app.take(CONSUMER, &event).await;

        assert!(second.unwrap_err().log_text().contains("somebody else is sending"));
        drop(held);
        first.await.unwrap().unwrap();
        assert_eq!((app.mail.sent().len(), state(&app).await[0].as_str()), (1, "sent"));
    }

    #[tokio::test]
    async fn many_at_once_send_once() {
        let (app, _, event) = with_a_mail().await;
        let takes = (0..8).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            let _ = take.await.unwrap();
        }
        assert_eq!(app.mail.sent().len(), 1);
    }
}

mod integrity {
    use super::*;

    const DENIED: &str = "42501";
    const CHECKED: &str = "23514";

    #[tokio::test]
    async fn an_event_delivered_again_sends_nothing() {
        let (app, _, event) = with_a_mail().await;
        for _ in 0..3 {
            app.take(CONSUMER, &event).await.unwrap();
        }
        assert_eq!(app.mail.sent().len(), 1);
    }

    #[tokio::test]
    async fn only_platform_reads_a_mail_and_only_its_own_clinics() {
        let (app, tenant, _) = with_a_mail().await;
        let other = app.tenant().await;
        for role in ["identity", "patients", "billing", "relay"] {
            let read = app.database.run_as(role, CONTENT).await;
            assert_eq!(read.unwrap_err(), DENIED, "{role}");
        }
        let count = |clinic| format!("SET app.clinic_id = '{clinic}'; SELECT count(*) FROM kernel.mails");
        for (clinic, expected) in [(tenant.clinic, "1"), (other.clinic, "0")] {
            let seen = app.database.run_as("platform", &count(clinic)).await.unwrap();
            assert_eq!(seen[0][0], expected);
        }
    }

    #[tokio::test]
    async fn a_mail_is_kept_whole_or_erased_and_never_goes_back() {
        let (app, tenant, event) = with_a_mail().await;
        let change =
            |set: &str| format!("SET app.clinic_id = '{}'; UPDATE kernel.mails SET {set}", tenant.clinic);
        for half in [
            "state = 'sent', sent_at = now(), provider_id = 'x'",
            "state = 'failed', failure = 'X'",
            "html = NULL",
            "subject = E'a\\r\\nBcc: b'",
            "state = 'lost'",
        ] {
            let refused = app.database.run_as("platform", &change(half)).await;
            assert_eq!(refused.unwrap_err(), CHECKED, "{half}");
        }
        app.take(CONSUMER, &event).await.unwrap();
        for back in ["state = 'queued'", "state = 'failed', failure = 'X'", "provider_id = 'other'"] {
            let refused = app.database.run_as("platform", &change(back)).await;
            assert_eq!(refused.unwrap_err(), CHECKED, "{back}");
        }
    }
}

mod boundary {
    use super::*;

    /// A sender that dies after the provider has the mail and before that is noted.
    #[tokio::test]
    async fn what_a_dead_sender_held_is_free_when_its_lease_has_run_out_and_not_before() {
        let (app, _, event) = with_a_mail().await;
        let held = app.mail.hold().await;
        let dying = tokio::spawn({
            let (app, event) = (Arc::clone(&app), event.clone());
            async move { app.take(CONSUMER, &event).await }
        });
        app.mail.given().await;
        dying.abort();
        assert!(dying.await.unwrap_err().is_cancelled());
        drop(held);

        app.clock.advance(SignedDuration::from_secs(20) - SignedDuration::from_micros(1));
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(app.mail.sent().len(), 1);

        app.clock.advance(SignedDuration::from_micros(1));
        app.take(CONSUMER, &event).await.unwrap();
        let sent = app.mail.sent();
        assert_eq!((sent.len(), sent[0].id), (2, sent[1].id), "once more, and told by its id");
    }

    #[tokio::test]
    async fn an_event_of_no_mail_is_no_success() {
        let (app, _, event) = with_a_mail().await;
        app.database.run("DELETE FROM kernel.mails").await;
        assert!(app.take(CONSUMER, &event).await.unwrap_err().log_text().contains("no such mail"));
    }
}

mod built {
    use super::*;
    use serde_json::{Value, json};
    use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};

    #[tokio::test]
    async fn the_function_names_the_settings_that_it_lacks() {
        let app = app().await;
        let url = app.database.function_url("platform");
        let function = Environment::start(&program(CONSUMER), &[("DATABASE_URL", &url)]).await;
        let (status, output) = function.ended().await;
        assert!(!status.success());
        assert!(output.contains("MAIL_FROM is missing; MAIL_TRANSPORT is missing"), "{output}");
    }

    #[tokio::test]
    async fn the_function_hands_back_what_its_provider_did_not_take() {
        let (app, _, event) = with_a_mail().await;
        let url = app.database.function_url("platform");
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("MAIL_FROM", "no-reply@grafono.example"),
            ("MAIL_TRANSPORT", "sendgrid"),
            ("SENDGRID_API_KEY", "canary"),
            ("SENDGRID_URL", "http://127.0.0.1:9"),
        ];
        let mut function = Environment::start(&program(CONSUMER), &settings).await;
        function.ready().await;
        let record = json!({
            "messageId": "the-message",
            "body": serde_json::to_string(&event).unwrap(),
            "attributes": { "ApproximateReceiveCount": "1", "MessageGroupId": "a-group" },
        });

        let answer = function.invoke(&json!({ "Records": [record] }).to_string(), FAR_AWAY).await;

        let Outcome::Response(answer) = answer else { unreachable!("{answer:?}") };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "the-message" }] }));
        assert_eq!(state(&app).await, ["queued", "NULL", "NULL", "t"]);
        function.terminate();
        let (status, output) = function.ended().await;
        assert!(status.success(), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
}
