use super::{app, sign_up, verify};
use jiff::SignedDuration;
use serde_json::json;
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{TestApp, TestRequest};

pub(crate) const CONSUMER: &str = "request-email-verification";

/// What the consumer hears of a sign-up with this body.
pub(crate) async fn announced(app: &TestApp, sign_up: TestRequest) -> Event {
    assert_eq!(app.send(sign_up).await.status, 201);
    let mut events = app.events().await.into_iter();
    events.find(|event| event.kind == "clinic.created").unwrap()
}

/// The token of the one mail in the letter box.
pub(crate) async fn mailed_token(app: &TestApp) -> String {
    let text = app.database.value("SELECT plain_text FROM kernel.mails").await;
    let (_, token) = text.split_once("https://app.example/verify-email?token=").unwrap();
    token.split_whitespace().next().unwrap().to_owned()
}

/// A test app with one account, and the token that was mailed to it.
async fn signed_up() -> (Arc<TestApp>, String) {
    let app = app().await;
    let event = announced(&app, sign_up("ana@example.com")).await;
    app.take(CONSUMER, &event).await.unwrap();
    let token = mailed_token(&app).await;
    (app, token)
}

const AUDITED: &str = "SELECT count(*) FROM kernel.audit_log WHERE action = 'account.email_verified'";

#[tokio::test]
async fn the_mailed_token_verifies_the_address_and_me_says_so() {
    let (app, token) = signed_up().await;
    let login = app.send(super::log_in("ana@example.com", super::PASSWORD)).await;
    let me = TestRequest::get("/api/v1/me").token(login.data()["accessToken"].as_str().unwrap());
    assert_eq!(app.send(me.clone()).await.data()["emailVerified"], false);

    let verified = app.send(verify(&token)).await;

    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(app.send(me).await.data()["emailVerified"], true);
    let at = "SELECT to_json(email_verified_at)::text FROM identity.accounts";
    let written = app.database.value(at).await.trim_matches('"').parse::<jiff::Timestamp>().unwrap();
    assert_eq!(verified.data()["emailVerifiedAt"], written.to_string());
    assert_eq!(app.database.value(AUDITED).await, "1");
}

#[tokio::test]
async fn a_token_may_have_blanks_around_it() {
    let (app, token) = signed_up().await;
    let verified = app.send(verify(&format!(" \u{A0}{token}\r\n"))).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(app.database.value(AUDITED).await, "1");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn used_many_times_at_once_it_counts_once_and_everybody_is_told_the_same() {
        let (app, token) = signed_up().await;

        let answers = app.send_at_once((0..8).map(|_| verify(&token)).collect()).await;

        for answer in &answers {
            assert_eq!((answer.status, answer.data()), (200, answers[0].data()), "{}", answer.text);
        }
        assert_eq!(app.database.value(AUDITED).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn used_again_it_answers_as_at_first_even_when_it_would_have_expired() {
        let (app, token) = signed_up().await;
        let first = app.send(verify(&token)).await;
        app.clock.advance(SignedDuration::from_hours(48));
        let again = app.send(verify(&token)).await;
        assert_eq!((again.status, again.data()), (200, first.data()));
        assert_eq!(app.database.value(AUDITED).await, "1");
    }

    #[tokio::test]
    async fn a_token_of_another_clinic_or_of_none_is_not_found() {
        let (app, token) = signed_up().await;
        let swapped = format!("{}{}", &"A".repeat(20), &token[20..]);
        let changed = format!("{}{}", &token[..63], if token.ends_with('A') { "B" } else { "A" });
        for wrong in [swapped, changed, token[..63].to_owned(), format!("{token}A"), "x".to_owned()] {
            let refused = app.send(verify(&wrong)).await;
            assert_eq!(refused.refusal(), (404, "VERIFICATION_NOT_FOUND"), "{wrong}");
        }
        let unverified = "SELECT email_verified_at IS NULL FROM identity.accounts";
        assert_eq!(app.database.value(unverified).await, "t");
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        let (app, token) = signed_up().await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert_eq!(app.send(verify(&token)).await.refusal(), (500, "INTERNAL_ERROR"));
        let unused = "SELECT bool_and(v.used_at IS NULL AND a.email_verified_at IS NULL)
                        FROM identity.email_verifications AS v, identity.accounts AS a";
        assert_eq!(app.database.value(unused).await, "t");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn it_is_good_for_a_day_and_not_a_moment_longer() {
        for (early, expected) in [(1, 200), (0, 410), (-1_000_000, 410)] {
            let (app, token) = signed_up().await;
            app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_micros(early));
            let answer = app.send(verify(&token)).await;
            assert_eq!(answer.status, expected, "{early}: {}", answer.text);
            if expected == 410 {
                assert_eq!(answer.code(), "VERIFICATION_EXPIRED");
            }
        }
    }

    #[tokio::test]
    async fn a_token_is_1_to_255_characters() {
        let (app, _) = signed_up().await;
        for (token, expected) in [
            (String::new(), (400, "TOO_SHORT")),
            ("a".repeat(255), (404, "VERIFICATION_NOT_FOUND")),
            ("a".repeat(256), (400, "TOO_LONG")),
        ] {
            assert_eq!(app.send(verify(&token)).await.refusal(), expected, "{}", token.len());
        }
        let none = app.send(TestRequest::post("/api/v1/auth/verify-email", &json!({}))).await;
        assert_eq!(none.refusal(), (400, "REQUIRED"));
    }
}
