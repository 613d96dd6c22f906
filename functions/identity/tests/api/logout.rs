use super::{app, log_in, sign_up};
use serde_json::json;
use testkit::{TestApp, TestRequest, TestResponse};

const PASSWORD: &str = super::PASSWORD;

fn text(answer: &TestResponse, name: &str) -> String {
    answer.data()[name].as_str().unwrap().to_owned()
}

fn logout(token: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/logout", &json!({ "refreshToken": token }))
}

async fn open(app: &TestApp) -> String {
    app.database.value("SELECT count(*) FROM identity.sessions WHERE ended_at IS NULL").await
}

#[tokio::test]
async fn this_session_ends_and_the_others_go_on() {
    let app = app().await;
    let first = app.send(sign_up("ana@example.com")).await;
    let second = app.send(log_in("ana@example.com", PASSWORD)).await;
    assert_eq!(app.send(logout(&text(&first, "refreshToken"))).await.status, 204);
    let me = |answer: &TestResponse| TestRequest::get("/api/v1/me").token(&text(answer, "accessToken"));
    assert_eq!(app.send(me(&first)).await.refusal(), (401, "SESSION_ENDED"));
    assert_eq!(app.send(me(&second)).await.status, 200);
}

#[tokio::test]
async fn an_access_token_alone_will_do() {
    let app = app().await;
    let session = app.send(sign_up("ana@example.com")).await;
    let out = TestRequest::new("POST", "/api/v1/auth/logout").token(&text(&session, "accessToken"));
    assert_eq!(app.send(out).await.status, 204);
    assert_eq!(open(&app).await, "0");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_eight_at_once_one_ends_the_session_and_says_so() {
        let app = app().await;
        let session = app.send(sign_up("ana@example.com")).await;
        let answers = app.send_at_once(vec![logout(&text(&session, "refreshToken")); 8]).await;
        assert!(answers.iter().all(|answer| answer.status == 204));
        let said = "SELECT count(*) FROM kernel.audit_log WHERE action = 'session.ended'";
        assert_eq!((open(&app).await.as_str(), app.database.value(said).await.as_str()), ("0", "1"));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_cookie_from_elsewhere_signs_nobody_out() {
        let app = app().await;
        let session = app.send(sign_up("ana@example.com")).await;
        let cookie = format!("__Host-grafono-refresh={}", text(&session, "refreshToken"));
        let out = TestRequest::new("POST", "/api/v1/auth/logout").header("cookie", &cookie);
        assert_eq!(app.send(out.clone()).await.refusal(), (403, "CSRF_HEADER_REQUIRED"));
        let twice = out.clone().header("x-grafono-csrf", "1").text(r#"{"refreshToken":"x"}"#);
        assert_eq!(app.send(twice).await.refusal(), (400, "TOKEN_GIVEN_TWICE"));
        assert_eq!(open(&app).await, "1");
        assert_eq!(app.send(out.header("x-grafono-csrf", "1")).await.status, 204);
        assert_eq!(open(&app).await, "0");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_is_no_token_ends_nothing_and_is_no_error() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let none = TestRequest::new("POST", "/api/v1/auth/logout");
        for request in [logout("x"), logout(&"A".repeat(64)), none.clone(), none.token("v4.public.AAAA")] {
            assert_eq!(app.send(request).await.status, 204);
        }
        assert_eq!(open(&app).await, "1");
    }
}
