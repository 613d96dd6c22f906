use super::{app, sign_up};
use serde_json::json;
use testkit::{TestApp, TestRequest};

async fn token_of_new_owner(app: &TestApp) -> String {
    let made = app.send(sign_up("ana@example.com")).await;
    made.data()["accessToken"].as_str().unwrap().to_owned()
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_change_of_role_is_seen_on_the_next_call() {
        let app = app().await;
        let token = token_of_new_owner(&app).await;
        let before = app.send(TestRequest::get("/api/v1/me").token(&token)).await;
        app.database.run("UPDATE identity.memberships SET role = 'clinician'").await;
        let after = app.send(TestRequest::get("/api/v1/me").token(&token)).await;

        assert_eq!(before.data()["user"]["role"], "owner");
        assert_eq!(after.data()["user"]["role"], "clinician");
        assert!(before.data()["permissions"].as_array().unwrap().contains(&json!("transactions:write")));
        assert!(!after.data()["permissions"].as_array().unwrap().contains(&json!("transactions:write")));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_disabled_user_is_401() {
        let app = app().await;
        let token = token_of_new_owner(&app).await;
        app.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
        let refused = app.send(TestRequest::get("/api/v1/me").token(&token)).await;
        assert_eq!(refused.refusal(), (401, "SESSION_ENDED"));
    }

    #[tokio::test]
    async fn no_token_a_foreign_one_and_other_schemes_are_401() {
        let app = app().await;
        let request = TestRequest::get("/api/v1/me");
        let cases = [
            (request.clone(), "TOKEN_REQUIRED"),
            (request.clone().token("v4.public.AAAA"), "TOKEN_INVALID"),
            (request.clone().header("authorization", "Basic YTpi"), "TOKEN_REQUIRED"),
            (request.header("authorization", "Bearer"), "TOKEN_INVALID"),
        ];
        for (request, code) in cases {
            let refused = app.send(request).await;
            assert_eq!(refused.refusal(), (401, code));
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
}

mod boundary {
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_token_ends_at_the_instant_it_expires() {
        let app = app().await;
        let token = token_of_new_owner(&app).await;
        app.clock.advance(SignedDuration::from_mins(10) - SignedDuration::from_micros(1));
        assert_eq!(app.send(TestRequest::get("/api/v1/me").token(&token)).await.status, 200);
        app.clock.advance(SignedDuration::from_micros(1));
        assert_eq!(
            app.send(TestRequest::get("/api/v1/me").token(&token)).await.refusal(),
            (401, "TOKEN_EXPIRED")
        );
    }
}
