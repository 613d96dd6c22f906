use super::{
    PASSWORD, app, confirm_reset, join, mailed_reset, new_clinic, request_reset, requested_reset, sign_up,
};
use serde_json::json;
use std::sync::Arc;
use testkit::TestRequest;

const CONSUMER: &str = "mail-password-reset";

const MAILS: &str = "SELECT count(*) FROM kernel.mails WHERE key LIKE 'password-reset/%'";
const REQUESTS: &str = "SELECT count(*) FROM identity.password_reset_requests";

#[tokio::test]
async fn a_link_is_mailed_in_the_language_of_the_newest_clinic_and_the_request_goes() {
    for (language, subject, greeting) in
        [("pt-BR", "Escolha uma nova senha", "Olá, Guest,"), ("en", "Choose a new password", "Hello Guest,")]
    {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let mut body = new_clinic("bia@example.com");
        body["language"] = json!(language);
        app.send(TestRequest::post("/api/v1/clinics", &body)).await;
        app.database.run("UPDATE identity.memberships SET created_at = '2000-01-01'").await;
        join(&app, "ana@example.com", "bia@example.com").await;
        let event = requested_reset(&app, "ANA@example.com").await;

        app.take(CONSUMER, &event).await.unwrap();

        let sql = "SELECT recipient_address, recipient_name, language, subject, plain_text, clinic_id FROM kernel.mails";
        let [mail] = app.database.rows(sql).await.try_into().unwrap();
        assert_eq!(mail[..4], ["ana@example.com", "Guest", language, subject]);
        assert!(mail[4].starts_with(greeting), "{mail:?}");
        assert_eq!(mail[5], uuid::Uuid::nil().to_string(), "it is of no clinic");
        assert_eq!(app.database.value(REQUESTS).await, "0");
        let sent = app.events_where("kind = 'mail.requested'").await.pop().unwrap();
        assert_eq!(sent.ids.keys().collect::<Vec<_>>(), ["mailId"]);
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_event_taken_by_many_at_once_mails_once() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let event = requested_reset(&app, "ana@example.com").await;
        let takes = (0..6).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value(MAILS).await, "1");
        assert_eq!(app.database.value("SELECT count(*) FROM identity.password_resets").await, "1");
    }

    #[tokio::test]
    async fn of_links_that_are_made_at_once_one_is_good() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.send_at_once(vec![request_reset("ana@example.com"); 6]).await;
        let events = app.events_where("kind = 'account.password_reset_requested'").await;
        assert_eq!(events.len(), 6);
        let takes = events.into_iter().map(|event| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value(MAILS).await, "6");
        let now = shared::clock::Clock::now(&*app.clock);
        let good = format!("SELECT count(*) FROM identity.password_resets WHERE expires_at > '{now}'");
        assert_eq!(app.database.value(&good).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nobody_is_written_to_at_an_address_without_an_account_and_the_address_goes() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        for email in ["nobody@example.com", "not an address"] {
            let event = requested_reset(&app, email).await;
            app.take(CONSUMER, &event).await.unwrap();
            assert_eq!(app.database.value(MAILS).await, "0", "{email}");
            assert_eq!(app.database.value(REQUESTS).await, "0", "{email}");
        }
        assert_eq!(app.database.value("SELECT count(*) FROM identity.password_resets").await, "0");
    }

    #[tokio::test]
    async fn whoever_is_disabled_everywhere_is_mailed_to_in_the_name_of_an_open_clinic_if_there_is_one() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let disable = "UPDATE identity.memberships SET disabled_at = now(), name = 'Left'";
        app.database.run(disable).await;
        let token = mailed_reset(&app, "ana@example.com").await;
        assert_eq!(app.send(confirm_reset(&token, PASSWORD)).await.status, 204);
        app.send(sign_up("bia@example.com")).await;
        app.database.run("UPDATE identity.memberships SET created_at = created_at - interval '1 day'").await;
        join(&app, "ana@example.com", "bia@example.com").await;
        app.database.run("UPDATE identity.memberships SET created_at = now() WHERE name = 'Left'").await;
        mailed_reset(&app, "ana@example.com").await;
        let names = "SELECT recipient_name FROM kernel.mails WHERE key LIKE 'password-reset/%' ORDER BY recipient_name";
        assert_eq!(app.database.rows(names).await, [["Guest"], ["Left"]]);
    }

    #[tokio::test]
    async fn the_token_is_in_the_mail_and_nowhere_else() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let token = mailed_reset(&app, "ana@example.com").await;
        let elsewhere = "SELECT string_agg(t::text, ' ') FROM (
                             SELECT r::text FROM identity.password_resets AS r UNION ALL
                             SELECT o::text FROM kernel.outbox AS o UNION ALL
                             SELECT a::text FROM kernel.audit_log AS a) AS t";
        let elsewhere = app.database.value(elsewhere).await;
        assert!(elsewhere.contains("mail.requested") && !elsewhere.contains(&token[22..]), "{elsewhere}");
        assert_eq!(token.len(), 64);
    }

    #[tokio::test]
    async fn a_newer_link_ends_the_older_one() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let older = mailed_reset(&app, "ana@example.com").await;
        let newer = mailed_reset(&app, "ana@example.com").await;
        let refused = app.send(confirm_reset(&older, PASSWORD)).await;
        assert_eq!(refused.refusal(), (410, "PASSWORD_RESET_EXPIRED"));
        assert_eq!(app.send(confirm_reset(&newer, PASSWORD)).await.status, 204);
    }

    #[tokio::test]
    async fn when_the_mail_cannot_be_requested_no_token_remains_and_the_older_one_is_good() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let older = mailed_reset(&app, "ana@example.com").await;
        let event = requested_reset(&app, "ana@example.com").await;
        app.database.run("ALTER TABLE kernel.mails ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(app.database.value("SELECT count(*) FROM identity.password_resets").await, "1");
        assert_eq!(app.database.value(REQUESTS).await, "1");
        assert_eq!(app.send(confirm_reset(&older, PASSWORD)).await.status, 204);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_event_whose_request_is_gone_mails_nobody() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let event = requested_reset(&app, "ana@example.com").await;
        app.database.run("DELETE FROM identity.password_reset_requests").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "0");
    }
}
