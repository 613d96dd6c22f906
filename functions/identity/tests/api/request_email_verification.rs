use super::verify_email::{CONSUMER, announced, mailed_token};
use super::{app, new_clinic, sign_up};
use serde_json::json;
use std::sync::Arc;
use testkit::TestRequest;

#[tokio::test]
async fn a_new_owner_is_asked_in_the_clinics_language() {
    for (language, subject, greeting) in [
        (None, "Confirme seu e-mail", "Olá, Ana Souza,"),
        (Some("pt-BR"), "Confirme seu e-mail", "Olá, Ana Souza,"),
        (Some("en"), "Confirm your e-mail address", "Hello Ana Souza,"),
    ] {
        let app = app().await;
        let mut body = new_clinic("ana@example.com");
        if let Some(language) = language {
            body["language"] = json!(language);
        }
        let event = announced(&app, TestRequest::post("/api/v1/clinics", &body)).await;

        app.take(CONSUMER, &event).await.unwrap();

        let sql =
            "SELECT recipient_address, recipient_name, language, subject, plain_text, html FROM kernel.mails";
        let [mail] = app.database.rows(sql).await.try_into().unwrap();
        assert_eq!(mail[..4], ["ana@example.com", "Ana Souza", language.unwrap_or("pt-BR"), subject]);
        assert!(mail[4].starts_with(greeting) && mail[5].contains("Clínica Aurora"), "{mail:?}");
        let requested = app.events().await.into_iter().find(|event| event.kind == "mail.requested").unwrap();
        assert_eq!(requested.ids.keys().collect::<Vec<_>>(), ["mailId"]);
        assert_eq!(requested.traceparent[..35], event.traceparent[..35], "the trace of the sign-up goes on");
    }
}

#[tokio::test]
async fn a_hostile_name_of_a_clinic_is_text() {
    let app = app().await;
    let mut body = new_clinic("ana@example.com");
    body["clinicName"] = json!("<script>alert(1)</script>");
    let event = announced(&app, TestRequest::post("/api/v1/clinics", &body)).await;

    app.take(CONSUMER, &event).await.unwrap();

    let html = app.database.value("SELECT html FROM kernel.mails").await;
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;"), "{html}");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_event_taken_by_many_at_once_asks_once() {
        let app = app().await;
        let event = announced(&app, sign_up("ana@example.com")).await;
        let takes = (0..6).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        for table in ["kernel.mails", "identity.email_verifications"] {
            assert_eq!(app.database.value(&format!("SELECT count(*) FROM {table}")).await, "1", "{table}");
        }
    }

    #[tokio::test]
    async fn requests_of_one_key_at_once_are_one_mail_and_one_event() {
        let app = app().await;
        let event = announced(&app, sign_up("ana@example.com")).await;
        // Each as if nobody had taken it yet: only the mail's key is left to tell them.
        let takes = (0..6).map(|number| {
            let (app, mut event) = (Arc::clone(&app), event.clone());
            event.id = uuid::Uuid::from_u128(event.id.as_u128() ^ number);
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.mails").await, "1");
        let requested = "SELECT count(*) FROM kernel.outbox WHERE kind = 'mail.requested'";
        assert_eq!(app.database.value(requested).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_token_is_in_the_mail_and_nowhere_else() {
        let app = app().await;
        let event = announced(&app, sign_up("ana@example.com")).await;
        app.take(CONSUMER, &event).await.unwrap();
        let token = mailed_token(&app).await;
        let elsewhere = "SELECT string_agg(t::text, ' ') FROM (
                             SELECT v::text FROM identity.email_verifications AS v UNION ALL
                             SELECT o::text FROM kernel.outbox AS o UNION ALL
                             SELECT a::text FROM kernel.audit_log AS a) AS t";
        let elsewhere = app.database.value(elsewhere).await;
        assert!(elsewhere.contains("mail.requested") && !elsewhere.contains(&token[22..]), "{elsewhere}");
        assert_eq!(token.len(), 64);
    }

    #[tokio::test]
    async fn when_the_mail_cannot_be_requested_no_token_remains() {
        let app = app().await;
        let event = announced(&app, sign_up("ana@example.com")).await;
        app.database.run("ALTER TABLE kernel.mails ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(app.database.value("SELECT count(*) FROM identity.email_verifications").await, "0");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn the_language_is_one_that_we_write() {
        let app = app().await;
        for language in [json!("pt"), json!("PT-BR"), json!("de"), json!(1), json!("")] {
            let mut body = new_clinic("ana@example.com");
            body["language"] = language.clone();
            let refused = app.send(TestRequest::post("/api/v1/clinics", &body)).await;
            assert_eq!(refused.status, 400, "{language}: {}", refused.text);
        }
    }
}
