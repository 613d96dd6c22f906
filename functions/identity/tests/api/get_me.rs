use super::{sign_up, stage};
use serde_json::json;
use testkit::{Ask, Stage};

async fn token_of_new_owner(stage: &Stage) -> String {
    let made = stage.ask(sign_up("ana@example.com")).await;
    made.data()["accessToken"].as_str().unwrap().to_owned()
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_change_of_role_is_seen_on_the_next_call() {
        let stage = stage().await;
        let token = token_of_new_owner(&stage).await;
        let before = stage.ask(Ask::get("/api/v1/me").token(&token)).await;
        stage.database.run("UPDATE identity.memberships SET role = 'clinician'").await;
        let after = stage.ask(Ask::get("/api/v1/me").token(&token)).await;

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
        let stage = stage().await;
        let token = token_of_new_owner(&stage).await;
        stage.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
        let refused = stage.ask(Ask::get("/api/v1/me").token(&token)).await;
        assert_eq!(refused.refusal(), (401, "USER_DISABLED"));
    }

    #[tokio::test]
    async fn no_token_a_foreign_one_and_other_schemes_are_401() {
        let stage = stage().await;
        let ask = Ask::get("/api/v1/me");
        let cases = [
            (ask.clone(), "TOKEN_REQUIRED"),
            (ask.clone().token("v4.public.AAAA"), "TOKEN_INVALID"),
            (ask.clone().header("authorization", "Basic YTpi"), "TOKEN_REQUIRED"),
            (ask.header("authorization", "Bearer"), "TOKEN_INVALID"),
        ];
        for (ask, code) in cases {
            let refused = stage.ask(ask).await;
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
        let stage = stage().await;
        let token = token_of_new_owner(&stage).await;
        stage.clock.advance(SignedDuration::from_mins(10) - SignedDuration::from_micros(1));
        assert_eq!(stage.ask(Ask::get("/api/v1/me").token(&token)).await.status, 200);
        stage.clock.advance(SignedDuration::from_micros(1));
        assert_eq!(stage.ask(Ask::get("/api/v1/me").token(&token)).await.refusal(), (401, "TOKEN_EXPIRED"));
    }
}
