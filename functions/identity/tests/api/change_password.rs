use super::{
    CHEAP, CHEAP_HASH, PASSWORD, access, app, change, confirm_reset, join, log_in, mailed_reset,
    send_among_sign_ins, send_within_a_sign_in, sign_up,
};
use serde_json::json;
use testkit::{TestApp, TestRequest, TestResponse};

const NEW: &str = "another long and winding road";

async fn me(app: &TestApp, token: &str) -> TestResponse {
    app.send(TestRequest::get("/api/v1/me").token(token)).await
}

/// The open sessions; the one that asks is one of them.
const OPEN: &str = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NULL";

#[tokio::test]
async fn the_new_password_signs_in_the_old_one_does_not_and_other_sessions_end_in_all_clinics() {
    let app = app().await;
    let desk = app.send(sign_up("ana@example.com")).await;
    let other = app.send(sign_up("bia@example.com")).await;
    join(&app, "ana@example.com", "bia@example.com").await;
    let mut elsewhere = Vec::new();
    for clinic in [&desk, &other].map(|made| made.data()["clinic"]["id"].clone()) {
        let body = json!({ "email": "ana@example.com", "password": PASSWORD, "clinicId": clinic });
        elsewhere.push(app.send(TestRequest::post("/api/v1/auth/login", &body)).await);
    }

    let changed = app.send(change(access(&desk), PASSWORD, NEW)).await;

    assert_eq!((changed.status, changed.text.as_str()), (204, ""));
    for session in &elsewhere {
        assert_eq!(me(&app, access(session)).await.refusal(), (401, "SESSION_ENDED"));
        let token = json!({ "refreshToken": session.data()["refreshToken"] });
        let refreshed = app.send(TestRequest::post("/api/v1/auth/refresh", &token)).await;
        assert_eq!(refreshed.refusal(), (401, "SESSION_ENDED"));
    }
    assert_eq!(me(&app, access(&desk)).await.status, 200, "the session that asked goes on");
    assert_eq!(me(&app, access(&other)).await.status, 200, "other people's go on");
    assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.refusal(), (401, "INVALID_CREDENTIALS"));
    assert_eq!(app.send(log_in("ana@example.com", NEW)).await.refusal(), (409, "CLINIC_REQUIRED"));
    let audited = "SELECT actor_id FROM kernel.audit_log WHERE action = 'account.password_changed'";
    assert_eq!(app.database.rows(audited).await, [[desk.data()["user"]["id"].as_str().unwrap()]]);
    let reason = "SELECT string_agg(DISTINCT end_reason, ' ') FROM identity.sessions";
    assert_eq!(app.database.value(reason).await, "password");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_eight_changes_at_once_one_counts() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        let new = |number| format!("{NEW} {number}");
        let requests = (0..8).map(|number| change(access(&desk), PASSWORD, &new(number)));
        let answers = app.send_at_once(requests.collect()).await;
        let changed: Vec<usize> = (0..8).filter(|&place| answers[place].status == 204).collect();
        let wrong = answers.iter().filter(|answer| answer.status == 422 && answer.code() == "PASSWORD_WRONG");
        assert_eq!((changed.len(), wrong.count()), (1, 7));
        assert_eq!(app.send(log_in("ana@example.com", &new(changed[0]))).await.status, 200);
    }

    #[tokio::test]
    async fn a_sign_in_that_is_half_done_comes_before_and_its_session_ends() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
        let (signed_in, changed) = send_within_a_sign_in(&app, change(access(&desk), CHEAP, NEW)).await;
        assert_eq!((signed_in.status, changed.status), (200, 204), "{}", changed.text);
        assert_eq!(me(&app, access(&signed_in)).await.refusal(), (401, "SESSION_ENDED"));
        assert_eq!(app.database.value(OPEN).await, "1");
    }

    #[tokio::test]
    async fn sign_ins_that_overlap_a_change_leave_no_session_of_the_old_password() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        for round in 0..30 {
            app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
            let changed = send_among_sign_ins(&app, change(access(&desk), CHEAP, NEW)).await;
            assert_eq!(changed.status, 204, "{}", changed.text);
            assert_eq!(app.database.value(OPEN).await, "1", "round {round}");
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_wrong_password_changes_nothing_and_hashes_nothing_new() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        let phone = app.send(log_in("ana@example.com", PASSWORD)).await;
        let before = app.hasher.calls();
        let refused = app.send(change(access(&desk), "not my password", NEW)).await;
        assert_eq!(refused.refusal(), (422, "PASSWORD_WRONG"));
        assert_eq!(refused.json["error"]["details"][0]["pointer"], "/currentPassword", "{}", refused.text);
        assert_eq!(app.hasher.calls() - before, 1);
        assert_eq!(me(&app, access(&phone)).await.status, 200);
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
    }

    #[tokio::test]
    async fn what_a_sign_up_refuses_is_no_new_password() {
        let app = app().await;
        let desk = app.send(sign_up("ana.souza@example.com")).await;
        for common in [
            "password1",
            "AAAAAAAA",
            "        ",
            "ana.souza@example.com",
            "AnaSouza1990",
            "clínica-aurora-2026",
            "1ana souza!",
        ] {
            let refused = app.send(change(access(&desk), PASSWORD, common)).await;
            assert_eq!(refused.refusal(), (400, "COMMON_PASSWORD"), "{common}");
        }
    }

    #[tokio::test]
    async fn the_words_of_every_clinic_of_the_account_are_its_own() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        join(&app, "ana@example.com", "bia@example.com").await;
        app.database
            .run(
                "UPDATE identity.clinics SET name = 'Consultório Girassol'
                  WHERE id = (SELECT clinic_id FROM identity.memberships WHERE name = 'Guest')",
            )
            .await;
        let refused = app.send(change(access(&desk), PASSWORD, "Consultório Girassol")).await;
        assert_eq!(refused.refusal(), (400, "COMMON_PASSWORD"));
    }

    #[tokio::test]
    async fn a_link_that_was_mailed_before_is_good_for_nothing_any_more() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        let token = mailed_reset(&app, "ana@example.com").await;
        assert_eq!(app.send(change(access(&desk), PASSWORD, NEW)).await.status, 204);
        let refused = app.send(confirm_reset(&token, PASSWORD)).await;
        assert_eq!(refused.refusal(), (410, "PASSWORD_RESET_EXPIRED"));
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        let phone = app.send(log_in("ana@example.com", PASSWORD)).await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert_eq!(app.send(change(access(&desk), PASSWORD, NEW)).await.refusal(), (500, "INTERNAL_ERROR"));
        app.database.run("ALTER TABLE kernel.audit_log DROP CONSTRAINT broken").await;
        assert_eq!(me(&app, access(&phone)).await.status, 200);
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
    }

    #[tokio::test]
    async fn an_account_ends_its_sessions_elsewhere_and_does_nothing_else_to_them() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        let account =
            app.database.value("SELECT id FROM identity.accounts WHERE email = 'ana@example.com'").await;
        let set = |assignment: &str| {
            format!("SET app.account_id = '{account}'; UPDATE identity.sessions SET {assignment} RETURNING 1")
        };
        let longer = app.database.run_as("identity", &set("expires_at = 'infinity'")).await;
        assert_eq!(longer.unwrap_err(), "42501");
        let ending = "ended_at = '2000-01-01', expires_at = '2000-01-01', end_reason = 'password'";
        app.database.run_as("identity", &set(ending)).await.unwrap();
        assert_eq!(app.database.value(OPEN).await, "1", "its own, and nobody else's");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_new_password_has_8_to_1024_characters_and_the_old_one_1_to_1024() {
        let app = app().await;
        let desk = app.send(sign_up("ana@example.com")).await;
        let long = |length| "a long and lonely road ".chars().cycle().take(length).collect::<String>();
        for (current, new, expected) in [
            (PASSWORD, long(7), (400, "TOO_SHORT")),
            (PASSWORD, long(1025), (400, "TOO_LONG")),
            (PASSWORD, "a long and\u{0}".to_owned(), (400, "INVALID_CHARACTERS")),
            ("", long(8), (400, "TOO_SHORT")),
            (&long(1025), long(8), (400, "TOO_LONG")),
            ("p", long(8), (422, "PASSWORD_WRONG")),
        ] {
            assert_eq!(app.send(change(access(&desk), current, &new)).await.refusal(), expected, "{new}");
        }
        assert_eq!(app.send(change(access(&desk), PASSWORD, &long(8))).await.status, 204);
        assert_eq!(app.send(change(access(&desk), &long(8), &long(1024))).await.status, 204);
        assert_eq!(app.send(log_in("ana@example.com", &long(1024))).await.status, 200);
    }
}
