use super::verify_email::CONSUMER;
use super::{access, app, sign_up, verify};
use jiff::SignedDuration;
use std::sync::Arc;
use testkit::{TestApp, TestRequest, TestResponse};

fn resend(token: &str) -> TestRequest {
    TestRequest::new("POST", "/api/v1/auth/email-verifications").token(token)
}

/// Hands over every event that asks for a link.
async fn mail(app: &TestApp) {
    for event in app.events_where("kind IN ('clinic.created', 'account.email_verification_requested')").await
    {
        app.take(CONSUMER, &event).await.unwrap();
    }
}

/// An account whose first mail has been asked for.
async fn signed_up() -> (Arc<TestApp>, TestResponse) {
    let app = app().await;
    let desk = app.send(sign_up("ana@example.com")).await;
    mail(&app).await;
    (app, desk)
}

/// Asks for another mail and has it made; the number of mails by then.
async fn asked(app: &TestApp, desk: &TestResponse) -> String {
    let answer = app.send(resend(access(desk))).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    mail(app).await;
    app.database.value("SELECT count(*) FROM kernel.mails").await
}

const LINKS: &str = "SELECT count(*) FROM identity.email_verifications";

#[tokio::test]
async fn a_second_mail_has_a_link_of_its_own_that_confirms_the_address() {
    let (app, desk) = signed_up().await;
    assert_eq!(asked(&app, &desk).await, "2", "it need not wait for the first one");
    let texts = app.database.rows("SELECT plain_text FROM kernel.mails ORDER BY id DESC").await.concat();
    assert_ne!(texts[0], texts[1]);
    let (_, token) = texts[0].split_once("https://app.example/verify-email?token=").unwrap();
    let verified = app.send(verify(token.split_whitespace().next().unwrap())).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    let audited =
        "SELECT count(*) FROM kernel.audit_log AS l JOIN identity.accounts AS a ON a.id = l.subject_id
                    WHERE action = 'account.email_verification_requested'";
    assert_eq!(app.database.value(audited).await, "1");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn many_requests_at_once_are_one_mail() {
        let (app, desk) = signed_up().await;
        let answers = app.send_at_once(vec![resend(access(&desk)); 6]).await;
        assert!(answers.iter().all(|answer| answer.status == 202));
        let events = app.events_where("kind = 'account.email_verification_requested'").await;
        let takes = events.into_iter().map(|event| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for take in takes.collect::<Vec<_>>() {
            take.await.unwrap().unwrap();
        }
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.mails").await, "2");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_confirmed_address_is_written_to_no_more() {
        let (app, desk) = signed_up().await;
        app.database.run("UPDATE identity.accounts SET email_verified_at = now()").await;
        assert_eq!(asked(&app, &desk).await, "1");
        assert_eq!(app.database.value(LINKS).await, "1");
    }

    #[tokio::test]
    async fn the_mail_goes_to_whoever_asks_and_to_nobody_else() {
        let (app, desk) = signed_up().await;
        app.send(sign_up("bia@example.com")).await;
        asked(&app, &desk).await;
        let sql = "SELECT recipient_address, count(*) FROM kernel.mails GROUP BY 1 ORDER BY 1";
        assert_eq!(app.database.rows(sql).await, [["ana@example.com", "2"], ["bia@example.com", "1"]]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn one_is_mailed_in_ten_minutes() {
        let (app, desk) = signed_up().await;
        assert_eq!(asked(&app, &desk).await, "2");
        assert_eq!(asked(&app, &desk).await, "2");
        // The token of now is good for ten minutes, too: the session is the same.
        app.clock.advance(SignedDuration::from_mins(10) - SignedDuration::from_micros(1));
        assert_eq!(asked(&app, &desk).await, "2");
        assert_eq!(app.database.value(LINKS).await, "2", "nor is a link made");
    }

    #[tokio::test]
    async fn after_ten_minutes_the_next_one_goes() {
        let (app, desk) = signed_up().await;
        assert_eq!(asked(&app, &desk).await, "2");
        app.clock.advance(SignedDuration::from_mins(10));
        let again = app.send(super::super::log_in("ana@example.com", super::super::PASSWORD)).await;
        assert_eq!(asked(&app, &again).await, "3");
    }
}
