use super::{PASSWORD, app, log_in, new_clinic, sign_up};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::LinkToken;
use testkit::{TestApp, TestRequest, TestResponse};

const COOKIE: &str = "__Host-grafono-refresh";

pub(crate) fn refresh(token: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/refresh", &json!({ "refreshToken": token }))
}

/// A refresh by a device that shows its token.
pub(crate) fn refresh_on(token: &str, device: &str) -> TestRequest {
    let body = json!({ "refreshToken": token, "deviceToken": device });
    TestRequest::post("/api/v1/auth/refresh", &body)
}

/// A refresh by a browser's cookie.
fn by_cookie(token: &str) -> TestRequest {
    let request =
        TestRequest::new("POST", "/api/v1/auth/refresh").header("cookie", &format!("{COOKIE}={token}"));
    request.header("x-grafono-csrf", "1")
}

pub(crate) fn text(answer: &TestResponse, name: &str) -> String {
    answer.data()[name].as_str().unwrap().to_owned()
}

pub(crate) fn next(answer: &TestResponse) -> String {
    text(answer, "refreshToken")
}

/// The reply to a sign-up.
async fn signed_up(app: &TestApp) -> TestResponse {
    app.send(sign_up("ana@example.com")).await
}

/// A refresh token that is old enough to be replaced.
async fn settled(app: &TestApp) -> String {
    let token = next(&signed_up(app).await);
    app.clock.advance(SignedDuration::from_secs(10));
    token
}

async fn me(app: &TestApp, token: &str) -> TestResponse {
    app.send(TestRequest::get("/api/v1/me").token(token)).await
}

/// How the session stands: its end, its reason, and the number of its tokens.
async fn session(app: &TestApp) -> Vec<String> {
    let sql = "SELECT (ended_at IS NOT NULL)::text, COALESCE(end_reason, ''),
                      (SELECT count(*) FROM identity.refresh_tokens)::text FROM identity.sessions";
    app.database.rows(sql).await.remove(0)
}

async fn audited(app: &TestApp, action: &str) -> String {
    let sql = "SELECT count(*) FROM kernel.audit_log WHERE action = '{action}'".replace("{action}", action);
    app.database.value(&sql).await
}

/// What is announced of sessions, in its order.
async fn announced(app: &TestApp) -> Vec<String> {
    let events = app.events_where("aggregate = 'session'").await;
    events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_the_new_access_token_opens() {
    let app = app().await;
    let token = settled(&app).await;
    let refreshed = app.send(refresh(&token)).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    assert_ne!(next(&refreshed), token);
    assert_eq!(me(&app, &text(&refreshed, "accessToken")).await.status, 200);
    let (expires, refresh_expires) = (&refreshed.data()["expiresIn"], &refreshed.data()["refreshExpiresIn"]);
    assert_eq!((expires, refresh_expires), (&json!(600), &json!(604_800)));
    app.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(app.send(refresh(&next(&refreshed))).await.status, 200);
    assert_eq!(session(&app).await, ["false", "", "3"]);
}

#[tokio::test]
async fn a_browser_has_its_tokens_in_cookies_and_never_in_a_body() {
    let app = app().await;
    signed_up(&app).await;
    let mut body = json!({ "email": "ana@example.com", "password": PASSWORD });
    body["refreshIn"] = json!("cookie");
    let signed_in = app.send(TestRequest::post("/api/v1/auth/login", &body)).await;
    assert_eq!(signed_in.data().get("refreshToken"), None);
    let (token, rules) = signed_in.cookie(COOKIE).unwrap();
    assert_eq!(rules, "Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=604800");
    let (device, _) = signed_in.cookie("__Host-grafono-device").unwrap();
    assert_eq!(signed_in.data()["deviceToken"], device);

    app.clock.advance(SignedDuration::from_secs(10));
    let refreshed = app.send(by_cookie(token)).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    assert_eq!(refreshed.data().get("refreshToken"), None);
    let (second, _) = refreshed.cookie(COOKIE).unwrap();
    assert_ne!(second, token);

    let ended = app
        .send(
            TestRequest::new("POST", "/api/v1/auth/logout")
                .header("cookie", &format!("{COOKIE}={second}"))
                .header("x-grafono-csrf", "1"),
        )
        .await;
    assert_eq!((ended.status, ended.cookie(COOKIE).unwrap().0), (204, ""));
    let refused = app.send(by_cookie(second)).await;
    assert_eq!(refused.refusal(), (401, "SESSION_ENDED"));
    assert_eq!(refused.cookie(COOKIE).unwrap().0, "", "a cookie that is good for nothing goes");
    assert_eq!(me(&app, &text(&refreshed, "accessToken")).await.refusal(), (401, "SESSION_ENDED"));
}

#[tokio::test]
async fn a_phone_that_lost_a_reply_is_helped_on_once_and_by_its_device_token_alone() {
    let app = app().await;
    let made = signed_up(&app).await;
    let (token, device) = (next(&made), text(&made, "deviceToken"));
    app.clock.advance(SignedDuration::from_mins(1));
    let lost = next(&app.send(refresh(&token)).await);
    app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_micros(1));

    let helped = app.send(refresh_on(&token, &device)).await;
    assert_eq!(helped.status, 200, "{}", helped.text);
    assert_ne!(next(&helped), lost);
    assert_eq!(audited(&app, "session.helped_on").await, "1");
    assert_eq!(announced(&app).await, ["session.helped_on"]);
    let again = app.send(refresh(&token)).await;
    assert_eq!(next(&again), next(&helped), "the reply may be lost once more, for ten seconds");

    app.clock.advance(SignedDuration::from_mins(1));
    let second = app.send(refresh_on(&next(&helped), &device)).await;
    assert_eq!(second.status, 200);
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(
        app.send(refresh_on(&next(&helped), &device)).await.refusal(),
        (401, "SESSION_ENDED"),
        "once a session"
    );
    assert_eq!(session(&app).await[..2], ["true", "reuse"]);
    assert_eq!(announced(&app).await, ["session.helped_on", "session.token_reused"]);
}

#[tokio::test]
async fn what_ends_or_helps_on_no_session_is_announced_to_nobody() {
    let app = app().await;
    let token = settled(&app).await;
    let newest = next(&app.send(refresh(&token)).await);
    for (presented, status) in [(&newest, 200), (&token, 200)] {
        assert_eq!(app.send(refresh(presented)).await.status, status, "fresh, and a repeat");
    }
    app.send(TestRequest::post("/api/v1/auth/logout", &json!({ "refreshToken": newest }))).await;
    app.clock.advance(SignedDuration::from_mins(1));
    for presented in [&newest, &token] {
        assert_eq!(app.send(refresh(presented)).await.refusal(), (401, "SESSION_ENDED"));
    }
    let other = next(&app.send(log_in("ana@example.com", PASSWORD)).await);
    app.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(app.send(refresh(&other)).await.refusal(), (401, "SESSION_EXPIRED"));
    assert_eq!(app.send(refresh(&"A".repeat(64))).await.refusal(), (401, "REFRESH_TOKEN_INVALID"));
    assert!(announced(&app).await.is_empty());
}

#[tokio::test]
async fn whoever_stole_a_token_ends_the_session_with_it() {
    for device in [None, Some("not the device"), Some("")] {
        let app = app().await;
        let token = settled(&app).await;
        let newest = next(&app.send(refresh(&token)).await);
        app.clock.advance(SignedDuration::from_secs(10));
        let mut body = json!({ "refreshToken": token });
        if let Some(device) = device {
            body["deviceToken"] = json!(device);
        }
        let thief = app.send(TestRequest::post("/api/v1/auth/refresh", &body)).await;
        let expected = if device == Some("") { (400, "TOO_SHORT") } else { (401, "SESSION_ENDED") };
        assert_eq!(thief.refusal(), expected);
        let owner = app.send(refresh(&newest)).await;
        assert_eq!(owner.status, if device == Some("") { 200 } else { 401 });
        assert_eq!(audited(&app, "session.token_reused").await, if device == Some("") { "0" } else { "1" });
    }
}

#[tokio::test]
async fn the_successor_that_a_thief_was_handed_ends_the_session_once_the_phone_was_helped_on() {
    let app = app().await;
    let made = signed_up(&app).await;
    let (token, device) = (next(&made), text(&made, "deviceToken"));
    app.clock.advance(SignedDuration::from_mins(1));
    let stolen = next(&app.send(refresh(&token)).await);
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(app.send(refresh_on(&token, &device)).await.status, 200);
    assert_eq!(app.send(refresh(&stolen)).await.refusal(), (401, "SESSION_ENDED"));
    assert_eq!(session(&app).await[..2], ["true", "reuse"]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn eight_tabs_at_once_are_handed_one_successor() {
        let app = app().await;
        let token = settled(&app).await;
        let answers = app.send_at_once(vec![refresh(&token); 8]).await;
        let first = next(&answers[0]);
        assert!(answers.iter().all(|answer| answer.status == 200 && next(answer) == first));
        let after = app.send(refresh(&first)).await;
        assert_eq!(next(&after), first, "a token that was made a moment ago stays");
        assert_eq!(session(&app).await, ["false", "", "2"]);
    }

    #[tokio::test]
    async fn a_reused_token_that_comes_many_times_at_once_ends_the_session_once() {
        let app = app().await;
        let token = settled(&app).await;
        app.send(refresh(&token)).await;
        app.clock.advance(SignedDuration::from_secs(10));
        let answers = app.send_at_once(vec![refresh(&token); 8]).await;
        assert!(answers.iter().all(|answer| answer.refusal() == (401, "SESSION_ENDED")));
        assert_eq!(announced(&app).await, ["session.token_reused"]);
        assert_eq!(audited(&app, "session.token_reused").await, "1");
    }

    #[tokio::test]
    async fn no_token_outlives_a_sign_out_that_comes_at_the_same_time() {
        for _ in 0..10 {
            let app = app().await;
            let token = settled(&app).await;
            let out = TestRequest::post("/api/v1/auth/logout", &json!({ "refreshToken": token }));
            let answers = app.send_at_once(vec![refresh(&token), out.clone(), refresh(&token), out]).await;
            assert_eq!((answers[1].status, answers[3].status), (204, 204));
            for answer in [&answers[0], &answers[2]] {
                if answer.status == 200 {
                    assert_eq!(app.send(refresh(&next(answer))).await.refusal(), (401, "SESSION_ENDED"));
                    assert_eq!(
                        me(&app, &text(answer, "accessToken")).await.refusal(),
                        (401, "SESSION_ENDED")
                    );
                }
            }
            assert_eq!(session(&app).await[..2], ["true", "logout"]);
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_cookie_is_believed_of_a_page_of_ours_alone() {
        let app = app().await;
        let token = settled(&app).await;
        let of = async |request: TestRequest| app.send(request).await;
        for request in [
            by_cookie(&token).without("x-grafono-csrf"),
            by_cookie(&token).header("x-grafono-csrf", "0"),
            by_cookie(&token).header("origin", "https://elsewhere.example"),
            by_cookie(&token).header("origin", "https://app.example.elsewhere.example"),
            by_cookie(&token).header("origin", "null"),
        ] {
            assert_eq!(of(request).await.refusal(), (403, "CSRF_HEADER_REQUIRED"));
        }
        let twice = by_cookie(&token).text(&json!({ "refreshToken": token }).to_string());
        assert_eq!(of(twice).await.refusal(), (400, "TOKEN_GIVEN_TWICE"));
        assert_eq!(session(&app).await, ["false", "", "1"], "none of these was a use");
        assert_eq!(of(by_cookie(&token).header("origin", testkit::ISSUER)).await.status, 200);
    }

    #[tokio::test]
    async fn a_session_does_not_end_by_a_token_without_telling_of_it() {
        for broken in ["kernel.outbox", "kernel.audit_log"] {
            let app = app().await;
            let token = settled(&app).await;
            app.send(refresh(&token)).await;
            app.clock.advance(SignedDuration::from_secs(10));
            let constraint = format!("ALTER TABLE {broken} ADD CONSTRAINT broken CHECK (false) NOT VALID");
            app.database.run(&constraint).await;
            assert_eq!(app.send(refresh(&token)).await.refusal(), (500, "INTERNAL_ERROR"), "{broken}");
            assert_eq!(session(&app).await, ["false", "", "2"], "{broken}");
            let told = "SELECT (SELECT count(*) FROM kernel.audit_log WHERE action = 'session.token_reused')
                             + (SELECT count(*) FROM kernel.outbox WHERE aggregate = 'session')";
            assert_eq!(app.database.value(told).await, "0", "{broken}");
        }
    }

    #[tokio::test]
    async fn the_database_alone_yields_no_token() {
        let app = app().await;
        let token = settled(&app).await;
        let newest = next(&app.send(refresh(&token)).await);
        let kept = "SELECT string_agg(t::text, ' ') FROM identity.refresh_tokens AS t";
        let kept = app.database.value(kept).await;
        for token in [token, newest] {
            assert!(!kept.contains(&token) && !kept.contains(&token[22..]));
        }
    }

    #[tokio::test]
    async fn a_change_of_role_holds_at_the_next_call_and_the_next_token_has_it() {
        let app = app().await;
        let made = signed_up(&app).await;
        let access = text(&made, "accessToken");
        app.database.run("UPDATE identity.memberships SET role = 'clinician', access_version = 2").await;
        let sessions = TestRequest::get("/api/v1/sessions").token(&access);
        assert_eq!(app.send(sessions).await.refusal(), (401, "ACCESS_CHANGED"));
        assert_eq!(
            me(&app, &access).await.data()["user"]["role"],
            "clinician",
            "who asks is told what holds now"
        );
        app.clock.advance(SignedDuration::from_secs(10));
        let refreshed = app.send(refresh(&next(&made))).await;
        let sessions = TestRequest::get("/api/v1/sessions").token(&text(&refreshed, "accessToken"));
        assert_eq!(app.send(sessions).await.status, 200);
    }

    #[tokio::test]
    async fn a_disabled_member_is_out_whatever_it_has() {
        let app = app().await;
        let made = signed_up(&app).await;
        app.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
        let access = text(&made, "accessToken");
        assert_eq!(me(&app, &access).await.refusal(), (401, "SESSION_ENDED"));
        assert_eq!(app.send(refresh(&next(&made))).await.refusal(), (401, "SESSION_ENDED"));
        let delete = TestRequest::new("DELETE", "/api/v1/sessions/01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(app.send(delete.token(&access)).await.refusal(), (401, "SESSION_ENDED"), "writes as well");
    }

    #[tokio::test]
    async fn an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing() {
        let app = app().await;
        let made = signed_up(&app).await;
        assert_eq!(
            app.send(refresh(&text(&made, "deviceToken")[..64])).await.refusal(),
            (401, "REFRESH_TOKEN_INVALID")
        );
        for token in [next(&made), text(&made, "deviceToken")] {
            assert_eq!(me(&app, &token).await.refusal(), (401, "TOKEN_INVALID"));
        }
    }

    #[tokio::test]
    async fn under_another_clinics_id_a_token_is_none() {
        let app = app().await;
        let clinics: [uuid::Uuid; 2] = [signed_up(&app).await, app.send(sign_up("bia@example.com")).await]
            .map(|made| made.data()["clinic"]["id"].as_str().unwrap().parse().unwrap());
        let sql = "INSERT INTO identity.refresh_tokens
                          (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
                   SELECT clinic_id, sha256(decode(repeat('07', 32), 'hex')), id, 2, now() + interval '1 day', now(), now()
                     FROM identity.sessions WHERE clinic_id = '{clinic}'";
        app.database.run(&sql.replace("{clinic}", &clinics[0].to_string())).await;
        let [own, foreign] = clinics.map(|clinic| LinkToken::of(clinic, [7; 32]).text());
        assert_eq!(app.send(refresh(foreign.expose())).await.refusal(), (401, "REFRESH_TOKEN_INVALID"));
        assert_eq!(app.send(refresh(own.expose())).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_replaced_token_is_good_for_ten_seconds_to_the_microsecond() {
        for (later, status) in [(SignedDuration::from_micros(-1), 200), (SignedDuration::ZERO, 401)] {
            let app = app().await;
            let token = settled(&app).await;
            let newest = next(&app.send(refresh(&token)).await);
            app.clock.advance(SignedDuration::from_secs(10) + later);
            let again = app.send(refresh(&token)).await;
            assert_eq!(again.status, status, "{}", again.text);
            if status == 200 {
                assert_eq!(next(&again), newest);
            }
        }
    }

    #[tokio::test]
    async fn a_session_ends_after_seven_days_without_use_and_after_thirty_in_all() {
        let app = app().await;
        let mut token = next(&signed_up(&app).await);
        let day = SignedDuration::from_hours(24);
        for days in [6, 7, 7, 7] {
            app.clock.advance(day * days - SignedDuration::from_micros(1));
            token = next(&app.send(refresh(&token)).await);
        }
        let last = app.send(refresh(&token)).await;
        assert!(last.data()["refreshExpiresIn"].as_i64().unwrap() <= 3 * 24 * 60 * 60, "{}", last.text);
        app.clock.advance(day * 3 + SignedDuration::from_micros(4));
        assert_eq!(app.send(refresh(&token)).await.refusal(), (401, "SESSION_EXPIRED"));

        let other = next(&app.send(log_in("ana@example.com", PASSWORD)).await);
        app.clock.advance(day * 7);
        assert_eq!(app.send(refresh(&other)).await.refusal(), (401, "SESSION_EXPIRED"));
    }

    #[tokio::test]
    async fn what_is_no_token_is_401_and_names_are_1_to_120_characters() {
        let app = app().await;
        signed_up(&app).await;
        for token in ["x", &"A".repeat(64), &"A".repeat(255)] {
            assert_eq!(app.send(refresh(token)).await.refusal(), (401, "REFRESH_TOKEN_INVALID"));
        }
        let nothing = app.send(TestRequest::new("POST", "/api/v1/auth/refresh")).await;
        assert_eq!(nothing.refusal(), (401, "REFRESH_TOKEN_INVALID"));
        assert_eq!(app.send(refresh(&"A".repeat(256))).await.refusal(), (400, "TOO_LONG"));
        for (name, status) in [("n".repeat(120), 200), ("n".repeat(121), 400)] {
            let body = json!({ "email": "ana@example.com", "password": PASSWORD, "deviceName": name });
            assert_eq!(app.send(TestRequest::post("/api/v1/auth/login", &body)).await.status, status);
        }
        let mut body: Value = new_clinic("bia@example.com");
        body["refreshIn"] = json!("nowhere");
        assert_eq!(
            app.send(TestRequest::post("/api/v1/clinics", &body)).await.refusal(),
            (400, "INVALID_CHOICE")
        );
    }
}
