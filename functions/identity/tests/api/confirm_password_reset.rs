use super::{
    CHEAP_HASH, PASSWORD, access, app, confirm_reset, join, log_in, mailed_reset, send_among_sign_ins,
    send_within_a_sign_in, sign_up,
};
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use testkit::{TestApp, TestRequest, TestResponse};

const NEW: &str = "another long and winding road";
const OPEN: &str = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NULL";

/// An account that is signed in, and the token that was mailed to it.
async fn forgotten() -> (Arc<TestApp>, TestResponse, String) {
    let app = app().await;
    let desk = app.send(sign_up("ana@example.com")).await;
    let token = mailed_reset(&app, "ana@example.com").await;
    (app, desk, token)
}

async fn me(app: &TestApp, token: &str) -> TestResponse {
    app.send(TestRequest::get("/api/v1/me").token(token)).await
}

#[tokio::test]
async fn the_new_password_signs_in_and_every_session_of_before_has_ended_in_all_clinics() {
    let (app, desk, token) = forgotten().await;
    let other = app.send(sign_up("bia@example.com")).await;
    join(&app, "ana@example.com", "bia@example.com").await;
    let body = json!({
        "email": "ana@example.com", "password": PASSWORD, "clinicId": other.data()["clinic"]["id"],
    });
    let guest = app.send(TestRequest::post("/api/v1/auth/login", &body)).await;

    let chosen = app.send(confirm_reset(&format!(" \u{A0}{token}\r\n"), NEW)).await;

    assert_eq!((chosen.status, chosen.text.as_str()), (204, ""));
    let confirmed = "SELECT count(*) FROM identity.accounts WHERE email_verified_at IS NOT NULL";
    assert_eq!(app.database.value(confirmed).await, "1", "the link was mailed there");
    assert!(chosen.cookie("__Host-grafono-refresh").is_none(), "no session begins");
    for session in [&desk, &guest] {
        assert_eq!(me(&app, access(session)).await.refusal(), (401, "SESSION_ENDED"));
    }
    assert_eq!(me(&app, access(&other)).await.status, 200, "other people's go on");
    assert_eq!(app.database.value(OPEN).await, "1");
    assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.refusal(), (401, "INVALID_CREDENTIALS"));
    assert_eq!(app.send(log_in("ana@example.com", NEW)).await.refusal(), (409, "CLINIC_REQUIRED"));
    let audited =
        "SELECT clinic_id, actor_id FROM kernel.audit_log WHERE action = 'account.password_reset' ORDER BY 1";
    let members = "SELECT clinic_id, id FROM identity.memberships
                    WHERE account_id = (SELECT id FROM identity.accounts WHERE email = 'ana@example.com') ORDER BY 1";
    assert_eq!(app.database.rows(audited).await, app.database.rows(members).await);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn used_many_times_at_once_it_sets_one_password() {
        for _ in 0..5 {
            let (app, _, token) = forgotten().await;
            let new = |number| format!("{NEW} {number}");
            let requests = (0..6).map(|number| confirm_reset(&token, &new(number)));
            let answers = app.send_at_once(requests.collect()).await;
            let set: Vec<usize> = (0..6).filter(|&place| answers[place].status == 204).collect();
            let late = answers.iter().filter(|it| it.status == 410 && it.code() == "PASSWORD_RESET_EXPIRED");
            assert_eq!((set.len(), late.count()), (1, 5));
            assert_eq!(app.send(log_in("ana@example.com", &new(set[0]))).await.status, 200);
            let told = "SELECT count(*) FROM kernel.audit_log WHERE action = 'account.password_reset'";
            assert_eq!(app.database.value(told).await, "1");
        }
    }

    #[tokio::test]
    async fn a_sign_in_that_is_half_done_comes_before_and_its_session_ends() {
        let (app, _, token) = forgotten().await;
        app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
        let (signed_in, chosen) = send_within_a_sign_in(&app, confirm_reset(&token, NEW)).await;
        assert_eq!((signed_in.status, chosen.status), (200, 204), "{}", chosen.text);
        assert_eq!(me(&app, access(&signed_in)).await.refusal(), (401, "SESSION_ENDED"));
        assert_eq!(app.database.value(OPEN).await, "0");
    }

    #[tokio::test]
    async fn sign_ins_that_overlap_a_reset_leave_no_session_of_the_old_password() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        for round in 0..30 {
            app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
            let token = mailed_reset(&app, "ana@example.com").await;
            let chosen = send_among_sign_ins(&app, confirm_reset(&token, NEW)).await;
            assert_eq!(chosen.status, 204, "{}", chosen.text);
            assert_eq!(app.database.value(OPEN).await, "0", "round {round}");
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_token_is_good_once() {
        let (app, _, token) = forgotten().await;
        assert_eq!(app.send(confirm_reset(&token, NEW)).await.status, 204);
        let before = app.hasher.calls();
        let again = app.send(confirm_reset(&token, PASSWORD)).await;
        assert_eq!(again.refusal(), (410, "PASSWORD_RESET_EXPIRED"));
        assert_eq!(app.hasher.calls(), before, "nothing is hashed for a token that is no good");
        assert_eq!(app.send(log_in("ana@example.com", NEW)).await.status, 200);
    }

    #[tokio::test]
    async fn a_token_of_another_account_or_of_none_is_not_found_and_nothing_is_hashed() {
        let (app, desk, token) = forgotten().await;
        app.send(sign_up("bia@example.com")).await;
        let other = mailed_reset(&app, "bia@example.com").await;
        let mixed = format!("{}{}", &other[..21], &token[21..]);
        let changed = format!("{}{}", &token[..63], if token.ends_with('A') { "B" } else { "A" });
        let before = app.hasher.calls();
        for wrong in [mixed, changed, token[..63].to_owned(), format!("{token}A"), "x".to_owned()] {
            let refused = app.send(confirm_reset(&wrong, NEW)).await;
            assert_eq!(refused.refusal(), (404, "PASSWORD_RESET_NOT_FOUND"), "{wrong}");
        }
        assert_eq!(app.hasher.calls(), before);
        assert_eq!(me(&app, access(&desk)).await.status, 200);
    }

    #[tokio::test]
    async fn what_a_sign_up_refuses_is_no_new_password_and_leaves_the_token_good() {
        let (app, _, token) = forgotten().await;
        for common in ["password1", "ana@example.com", "clínica-aurora-2026", "AnaSouza1990"] {
            let refused = app.send(confirm_reset(&token, common)).await;
            assert_eq!(refused.refusal(), (400, "COMMON_PASSWORD"), "{common}");
        }
        assert_eq!(app.send(confirm_reset(&token, NEW)).await.status, 204);
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        let (app, desk, token) = forgotten().await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert_eq!(app.send(confirm_reset(&token, NEW)).await.refusal(), (500, "INTERNAL_ERROR"));
        app.database.run("ALTER TABLE kernel.audit_log DROP CONSTRAINT broken").await;
        assert_eq!(me(&app, access(&desk)).await.status, 200);
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
        assert_eq!(app.send(confirm_reset(&token, NEW)).await.status, 204);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn it_is_good_for_half_an_hour_and_not_a_moment_longer() {
        for (early, expected) in [(1, 204), (0, 410), (-1_000_000, 410)] {
            let (app, _, token) = forgotten().await;
            app.clock.advance(SignedDuration::from_mins(30) - SignedDuration::from_micros(early));
            let answer = app.send(confirm_reset(&token, NEW)).await;
            assert_eq!(answer.status, expected, "{early}: {}", answer.text);
            if expected == 410 {
                assert_eq!(answer.code(), "PASSWORD_RESET_EXPIRED");
            }
        }
    }

    #[tokio::test]
    async fn a_password_has_8_to_1024_characters_and_a_token_1_to_255() {
        let (app, _, token) = forgotten().await;
        let long = |length| "a long and lonely road ".chars().cycle().take(length).collect::<String>();
        for (token, password, expected) in [
            (token.clone(), long(7), (400, "TOO_SHORT")),
            (token.clone(), long(1025), (400, "TOO_LONG")),
            (String::new(), long(8), (400, "TOO_SHORT")),
            ("a".repeat(255), long(8), (404, "PASSWORD_RESET_NOT_FOUND")),
            ("a".repeat(256), long(8), (400, "TOO_LONG")),
        ] {
            assert_eq!(app.send(confirm_reset(&token, &password)).await.refusal(), expected, "{token}");
        }
        assert_eq!(app.send(confirm_reset(&token, &long(8))).await.status, 204);
        let token = mailed_reset(&app, "ana@example.com").await;
        assert_eq!(app.send(confirm_reset(&token, &long(1024))).await.status, 204);
    }
}
