use super::{sign_up, stage, verify};
use jiff::SignedDuration;
use serde_json::json;
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Ask, Stage};

pub(crate) const CONSUMER: &str = "request-email-verification";

/// What the consumer hears of a sign-up with this body.
pub(crate) async fn announced(stage: &Stage, sign_up: Ask) -> Event {
    assert_eq!(stage.ask(sign_up).await.status, 201);
    let mut events = stage.events().await.into_iter();
    events.find(|event| event.kind == "clinic.created").unwrap()
}

/// The token of the one mail in the letter box.
pub(crate) async fn mailed_token(stage: &Stage) -> String {
    let text = stage.database.value("SELECT plain_text FROM kernel.mails").await;
    let (_, token) = text.split_once("https://app.example/verify-email?token=").unwrap();
    token.split_whitespace().next().unwrap().to_owned()
}

/// A stage with one account, and the token that was mailed to it.
async fn signed_up() -> (Arc<Stage>, String) {
    let stage = stage().await;
    let event = announced(&stage, sign_up("ana@example.com")).await;
    stage.take(CONSUMER, &event).await.unwrap();
    let token = mailed_token(&stage).await;
    (stage, token)
}

const AUDITED: &str = "SELECT count(*) FROM kernel.audit_log WHERE action = 'account.email_verified'";

#[tokio::test]
async fn the_mailed_token_verifies_the_address_and_me_says_so() {
    let (stage, token) = signed_up().await;
    let login = stage.ask(super::log_in("ana@example.com", super::PASSWORD)).await;
    let me = Ask::get("/api/v1/me").token(login.data()["accessToken"].as_str().unwrap());
    assert_eq!(stage.ask(me.clone()).await.data()["emailVerified"], false);

    let verified = stage.ask(verify(&token)).await;

    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(stage.ask(me).await.data()["emailVerified"], true);
    let at = "SELECT to_json(email_verified_at)::text FROM identity.accounts";
    let written = stage.database.value(at).await.trim_matches('"').parse::<jiff::Timestamp>().unwrap();
    assert_eq!(verified.data()["emailVerifiedAt"], written.to_string());
    assert_eq!(stage.database.value(AUDITED).await, "1");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn used_many_times_at_once_it_counts_once_and_everybody_is_told_the_same() {
        let (stage, token) = signed_up().await;

        let answers = stage.ask_at_once((0..8).map(|_| verify(&token)).collect()).await;

        for answer in &answers {
            assert_eq!((answer.status, answer.data()), (200, answers[0].data()), "{}", answer.text);
        }
        assert_eq!(stage.database.value(AUDITED).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn used_again_it_answers_as_at_first_even_when_it_would_have_expired() {
        let (stage, token) = signed_up().await;
        let first = stage.ask(verify(&token)).await;
        stage.clock.advance(SignedDuration::from_hours(48));
        let again = stage.ask(verify(&token)).await;
        assert_eq!((again.status, again.data()), (200, first.data()));
        assert_eq!(stage.database.value(AUDITED).await, "1");
    }

    #[tokio::test]
    async fn a_token_of_another_clinic_or_of_none_is_not_found() {
        let (stage, token) = signed_up().await;
        let swapped = format!("{}{}", &"A".repeat(20), &token[20..]);
        let changed = format!("{}{}", &token[..63], if token.ends_with('A') { "B" } else { "A" });
        for wrong in [swapped, changed, token[..63].to_owned(), format!("{token}A"), "x".to_owned()] {
            let refused = stage.ask(verify(&wrong)).await;
            assert_eq!(refused.refusal(), (404, "VERIFICATION_NOT_FOUND"), "{wrong}");
        }
        let unverified = "SELECT email_verified_at IS NULL FROM identity.accounts";
        assert_eq!(stage.database.value(unverified).await, "t");
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        let (stage, token) = signed_up().await;
        stage
            .database
            .run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID")
            .await;
        assert_eq!(stage.ask(verify(&token)).await.refusal(), (500, "INTERNAL_ERROR"));
        let unused = "SELECT bool_and(v.used_at IS NULL AND a.email_verified_at IS NULL)
                        FROM identity.email_verifications AS v, identity.accounts AS a";
        assert_eq!(stage.database.value(unused).await, "t");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn it_is_good_for_a_day_and_not_a_moment_longer() {
        for (early, expected) in [(1, 200), (0, 410), (-1_000_000, 410)] {
            let (stage, token) = signed_up().await;
            stage.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_micros(early));
            let answer = stage.ask(verify(&token)).await;
            assert_eq!(answer.status, expected, "{early}: {}", answer.text);
            if expected == 410 {
                assert_eq!(answer.code(), "VERIFICATION_EXPIRED");
            }
        }
    }

    #[tokio::test]
    async fn a_token_is_1_to_255_characters() {
        let (stage, _) = signed_up().await;
        for (token, expected) in [
            (String::new(), (400, "TOO_SHORT")),
            ("a".repeat(255), (404, "VERIFICATION_NOT_FOUND")),
            ("a".repeat(256), (400, "TOO_LONG")),
        ] {
            assert_eq!(stage.ask(verify(&token)).await.refusal(), expected, "{}", token.len());
        }
        let none = stage.ask(Ask::post("/api/v1/auth/verify-email", &json!({}))).await;
        assert_eq!(none.refusal(), (400, "REQUIRED"));
    }
}
