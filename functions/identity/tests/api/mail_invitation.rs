use super::{app, id_of, invite, invited, mailed_invitation, new_clinic, verify};
use jiff::SignedDuration;
use serde_json::json;
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest};

const CONSUMER: &str = "mail-invitation";
const MAILS: &str = "SELECT count(*) FROM kernel.mails WHERE key LIKE 'invitation/%'";

/// Invites somebody; what the consumer hears of it.
async fn announced(app: &TestApp, tenant: &Tenant) -> Event {
    let answer = app.send(invite(tenant.owner(), "bia@example.com")).await;
    app.events_where(&format!("aggregate_id = '{}'", id_of(&answer))).await.remove(0)
}

#[tokio::test]
async fn the_link_is_mailed_in_the_clinics_language_by_the_name_of_whoever_invites() {
    for (language, subject, words) in [
        (
            "pt-BR",
            "Convite para trabalhar em uma clínica",
            "Ana Souza convida você para trabalhar em Clínica Aurora",
        ),
        ("en", "An invitation to work in a clinic", "Ana Souza invites you to work in Clínica Aurora"),
    ] {
        let app = app().await;
        let mut body = new_clinic("ana@example.com");
        body["language"] = json!(language);
        let clinic = app.send(TestRequest::post("/api/v1/clinics", &body)).await;
        let signed_up = app.events_where("kind = 'clinic.created'").await.remove(0);
        app.take("request-email-verification", &signed_up).await.unwrap();
        let text = app.database.value("SELECT plain_text FROM kernel.mails").await;
        let (_, token) = text.split_once("/verify-email?token=").unwrap();
        assert_eq!(app.send(verify(token.split_whitespace().next().unwrap())).await.status, 200);
        let again = json!({ "email": "ana@example.com", "password": super::PASSWORD });
        let owner = app.send(TestRequest::post("/api/v1/auth/login", &again)).await;

        let token = invited(&app, super::access(&owner), "Bia@example.com").await;

        let sql = "SELECT recipient_address, recipient_name, language, subject, clinic_id, plain_text FROM kernel.mails
                    WHERE key LIKE 'invitation/%'";
        let [mail] = app.database.rows(sql).await.try_into().unwrap();
        assert_eq!(mail[..4], ["Bia@example.com", "Bia Lima", language, subject]);
        assert_eq!(json!(mail[4]), clinic.data()["clinic"]["id"]);
        assert!(mail[5].contains(words) && mail[5].contains("Bia Lima"), "{mail:?}");
        assert_eq!(token.len(), 64);
        let sent = app.events_where("kind = 'mail.requested'").await.pop().unwrap();
        assert_eq!(sent.ids.keys().collect::<Vec<_>>(), ["mailId"]);
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn one_event_taken_by_many_at_once_mails_one_link_which_is_good() {
        let app = app().await;
        let tenant = app.tenant().await;
        let event = announced(&app, &tenant).await;
        let takes = (0..6).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value(MAILS).await, "1");
        let token = mailed_invitation(&app, &event.aggregate_id.to_string()).await;
        assert_eq!(app.send(super::super::accept(&token, super::super::PASSWORD)).await.status, 201);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nobody_is_mailed_a_link_of_an_invitation_that_is_over() {
        let app = app().await;
        let tenant = app.tenant().await;
        let replaced = announced(&app, &tenant).await;
        let open = announced(&app, &tenant).await;
        app.take(CONSUMER, &replaced).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "0");
        let without = "SELECT count(*) FROM identity.invitations WHERE token_hash IS NULL";
        assert_eq!(app.database.value(without).await, "2");
        mailed_invitation(&app, &open.aggregate_id.to_string()).await;
        assert_eq!(app.database.value(MAILS).await, "1");
    }

    #[tokio::test]
    async fn the_token_is_in_the_mail_and_nowhere_else() {
        let app = app().await;
        let tenant = app.tenant().await;
        let token = invited(&app, tenant.owner(), "bia@example.com").await;
        let elsewhere = "SELECT string_agg(t::text, ' ') FROM (
                             SELECT r::text FROM identity.invitations AS r UNION ALL
                             SELECT o::text FROM kernel.outbox AS o UNION ALL
                             SELECT a::text FROM kernel.audit_log AS a) AS t";
        let elsewhere = app.database.value(elsewhere).await;
        assert!(elsewhere.contains("mail.requested") && !elsewhere.contains(&token[22..]), "{elsewhere}");
    }

    #[tokio::test]
    async fn when_the_mail_cannot_be_requested_no_token_remains() {
        let app = app().await;
        let tenant = app.tenant().await;
        let event = announced(&app, &tenant).await;
        app.database.run("ALTER TABLE kernel.mails ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(app.database.value("SELECT count(token_hash) FROM identity.invitations").await, "0");
        app.database.run("ALTER TABLE kernel.mails DROP CONSTRAINT broken").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(app.database.value(MAILS).await, "1");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_event_that_is_taken_after_seven_days_mails_nobody() {
        for (early, mails) in [(1, "1"), (0, "0")] {
            let app = app().await;
            let tenant = app.tenant().await;
            let event = announced(&app, &tenant).await;
            app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_micros(early));
            app.take(CONSUMER, &event).await.unwrap();
            assert_eq!(app.database.value(MAILS).await, mails, "{early}");
        }
    }
}
