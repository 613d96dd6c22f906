use super::refresh::{next, refresh, refresh_on, text};
use super::{app, new_clinic};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{TestApp, TestRequest};

const CONSUMER: &str = "mail-session-alert";

const MAILS: &str = "SELECT count(*) FROM kernel.mails";

/// A sign-up in that language, on a device of that name.
fn sign_up_on(device: &str, language: &str) -> Value {
    let mut body = new_clinic("ana@example.com");
    let own = [("language".to_owned(), json!(language)), ("deviceName".to_owned(), json!(device))];
    body.as_object_mut().unwrap().extend(own);
    body
}

/// Confirms all addresses.
async fn confirm(app: &TestApp) {
    app.database.run("UPDATE identity.accounts SET email_verified_at = created_at").await;
}

/// Somebody signed up and confirmed the address, and lost the reply to the first refresh: the token and the device's.
async fn lost(app: &TestApp, sign_up: &Value) -> (String, String) {
    let made = app.send(TestRequest::post("/api/v1/clinics", sign_up)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    confirm(app).await;
    let token = next(&made);
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(app.send(refresh(&token)).await.status, 200);
    app.clock.advance(SignedDuration::from_mins(1));
    (token, text(&made, "deviceToken"))
}

async fn announced(app: &TestApp, kind: &str) -> Event {
    let condition = format!("kind = '{kind}'");
    let [event] = app.events_where(&condition).await.try_into().unwrap();
    event
}

/// What is announced of a session that ends by a token that was replaced.
async fn reused(app: &TestApp) -> Event {
    let (token, _) = lost(app, &sign_up_on("Reception", "en")).await;
    assert_eq!(app.send(refresh(&token)).await.status, 401);
    announced(app, "session.token_reused").await
}

/// Has `event` taken by six at once.
async fn take_at_once(app: &Arc<TestApp>, event: &Event) {
    let takes = (0..6).map(|_| {
        let (app, event) = (Arc::clone(app), event.clone());
        tokio::spawn(async move { app.take(CONSUMER, &event).await })
    });
    for take in takes.collect::<Vec<_>>() {
        take.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_session_that_ends_by_a_reused_token_is_mailed_in_the_clinics_language() {
    for (language, subject, beginning) in [
        (
            "pt-BR",
            "Uma sessão sua foi encerrada",
            "Olá, Ana Souza,\n\nsua sessão na clínica Clínica Aurora, no dispositivo “Reception”, foi encerrada.",
        ),
        (
            "en",
            "A session of yours was ended",
            "Hello Ana Souza,\n\nyour session at the clinic Clínica Aurora, on the device “Reception”, was ended.",
        ),
    ] {
        let app = app().await;
        let (token, _) = lost(&app, &sign_up_on("Reception", language)).await;
        assert_eq!(app.send(refresh(&token)).await.refusal(), (401, "SESSION_ENDED"));
        let event = announced(&app, "session.token_reused").await;

        app.take(CONSUMER, &event).await.unwrap();

        assert_mailed(&app, language, subject, beginning).await;
        assert_eq!(app.database.value("SELECT end_reason FROM identity.sessions").await, "reuse");
    }
}

#[tokio::test]
async fn a_device_that_was_helped_on_is_mailed_in_the_clinics_language() {
    for (language, subject, beginning) in [
        (
            "pt-BR",
            "Uma sessão sua foi retomada",
            "Olá, Ana Souza,\n\nsua sessão na clínica Clínica Aurora, no dispositivo “Reception”, foi retomada",
        ),
        (
            "en",
            "A session of yours was resumed",
            "Hello Ana Souza,\n\nyour session at the clinic Clínica Aurora, on the device “Reception”, was resumed",
        ),
    ] {
        let app = app().await;
        let (token, device) = lost(&app, &sign_up_on("Reception", language)).await;
        assert_eq!(app.send(refresh_on(&token, &device)).await.status, 200);
        let event = announced(&app, "session.helped_on").await;

        app.take(CONSUMER, &event).await.unwrap();

        assert_mailed(&app, language, subject, beginning).await;
        let late = "SELECT (late_at IS NOT NULL AND ended_at IS NULL)::text FROM identity.sessions";
        assert_eq!(app.database.value(late).await, "true");
    }
}

/// That one mail was requested, to the account and in these words.
async fn assert_mailed(app: &TestApp, language: &str, subject: &str, beginning: &str) {
    let sql =
        "SELECT recipient_address, recipient_name, language, subject, plain_text, html FROM kernel.mails";
    let [mail] = app.database.rows(sql).await.try_into().unwrap();
    let [address, name, tag, title, plain_text, html] = <[String; 6]>::try_from(mail).unwrap();
    assert_eq!([address, name, tag, title], ["ana@example.com", "Ana Souza", language, subject]);
    assert!(plain_text.starts_with(beginning) && html.contains("“Reception”"), "{plain_text}{html}");
    let requested = announced(app, "mail.requested").await;
    assert_eq!(requested.ids.keys().collect::<Vec<_>>(), ["mailId"]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reused_token_that_many_present_at_once_is_mailed_once() {
        let app = app().await;
        let (token, _) = lost(&app, &sign_up_on("Reception", "en")).await;
        let answers = app.send_at_once(vec![refresh(&token); 8]).await;
        assert!(answers.iter().all(|answer| answer.refusal() == (401, "SESSION_ENDED")));
        let event = announced(&app, "session.token_reused").await;

        take_at_once(&app, &event).await;

        assert_eq!(app.database.value(MAILS).await, "1");
    }

    #[tokio::test]
    async fn a_device_that_asks_for_help_many_times_at_once_is_mailed_once() {
        let app = app().await;
        let (token, device) = lost(&app, &sign_up_on("Phone", "pt-BR")).await;
        let answers = app.send_at_once(vec![refresh_on(&token, &device); 8]).await;
        let first = next(&answers[0]);
        assert!(answers.iter().all(|answer| next(answer) == first), "one helps on, seven repeat it");
        let event = announced(&app, "session.helped_on").await;

        take_at_once(&app, &event).await;

        assert_eq!(app.database.value(MAILS).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn what_happens_to_one_session_is_mailed_in_its_order() {
        let app = app().await;
        let (token, device) = lost(&app, &sign_up_on("Phone", "en")).await;
        let helped = next(&app.send(refresh_on(&token, &device)).await);
        let helped_on = announced(&app, "session.helped_on").await;
        app.clock.advance(SignedDuration::from_mins(1));
        assert_eq!(app.send(refresh(&token)).await.status, 401);
        let ended = announced(&app, "session.token_reused").await;
        assert_eq!(app.send(refresh(&helped)).await.status, 401);
        assert_eq!(ended.aggregate_id, helped_on.aggregate_id);

        assert!(app.take(CONSUMER, &ended).await.is_err(), "it is not its turn");
        app.take(CONSUMER, &helped_on).await.unwrap();
        app.take(CONSUMER, &ended).await.unwrap();

        let subjects = "SELECT subject FROM kernel.mails ORDER BY key";
        let subjects = app.database.rows(subjects).await.concat();
        assert_eq!(subjects, ["A session of yours was resumed", "A session of yours was ended"]);
    }

    #[tokio::test]
    async fn nobody_is_written_to_at_an_address_that_nobody_confirmed() {
        let app = app().await;
        let event = reused(&app).await;
        app.database.run("UPDATE identity.accounts SET email_verified_at = NULL").await;
        app.take(CONSUMER, &event).await.unwrap();
        confirm(&app).await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "0", "the event was taken");
    }

    #[tokio::test]
    async fn no_secret_is_mailed() {
        let app = app().await;
        let (token, device) = lost(&app, &sign_up_on("Phone", "en")).await;
        let helped = next(&app.send(refresh_on(&token, &device)).await);
        app.take(CONSUMER, &announced(&app, "session.helped_on").await).await.unwrap();
        let written = "SELECT string_agg(t::text, ' ') FROM (
                           SELECT m::text FROM kernel.mails AS m UNION ALL
                           SELECT o::text FROM kernel.outbox AS o) AS t";
        let written = app.database.value(written).await;
        assert!(written.contains("was resumed") && !written.contains(&device), "{written}");
        for token in [token, helped] {
            assert!(!written.contains(&token[22..]), "{written}");
        }
    }

    #[tokio::test]
    async fn when_the_mail_cannot_be_requested_the_event_is_taken_later() {
        let app = app().await;
        let event = reused(&app).await;
        app.database.run("ALTER TABLE kernel.mails ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        app.database.run("ALTER TABLE kernel.mails DROP CONSTRAINT broken").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "1");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_event_whose_session_is_gone_mails_nobody() {
        let app = app().await;
        let event = reused(&app).await;
        app.database.run("DELETE FROM identity.sessions").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "0");
    }

    #[tokio::test]
    async fn a_device_has_a_name_of_120_characters_or_none() {
        for (name, expected) in [
            (json!("n".repeat(120)), format!("on the device “{}”", "n".repeat(120))),
            (Value::Null, "on a device without a name".to_owned()),
        ] {
            let app = app().await;
            let mut body = sign_up_on("", "en");
            body["deviceName"] = name;
            let (token, _) = lost(&app, &body).await;
            app.send(refresh(&token)).await;
            app.take(CONSUMER, &announced(&app, "session.token_reused").await).await.unwrap();
            let text = app.database.value("SELECT plain_text FROM kernel.mails").await;
            assert!(text.contains(&expected), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_of_a_device_leads_nowhere() {
        let app = app().await;
        let body = sign_up_on("Seu Banco: https://banco.example", "pt-BR");
        let refused = app.send(TestRequest::post("/api/v1/clinics", &body)).await;
        assert_eq!(refused.details(), [("/deviceName", "INVALID_CHARACTERS")], "{}", refused.text);
        let body = json!({
            "email": "ana@example.com", "password": super::super::PASSWORD, "deviceName": "a:\u{200B}//b",
        });
        let refused = app.send(TestRequest::post("/api/v1/auth/login", &body)).await;
        assert_eq!(refused.details(), [("/deviceName", "INVALID_CHARACTERS")], "{}", refused.text);
    }
}
