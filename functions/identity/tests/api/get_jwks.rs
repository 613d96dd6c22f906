use super::app;
use serde_json::Value;
use testkit::TestRequest;

const ADDRESS: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn whoever_verifies_our_tokens_finds_the_keys_as_libraries_expect_them() {
    let app = app().await;
    let keys = app.send(TestRequest::get(ADDRESS)).await;
    assert_eq!((keys.status, keys.header("cache-control")), (200, Some("public, max-age=300")));
    let key = &keys.json["keys"][0];
    assert_eq!(key["paserk"], app.keys().1.as_str());
    let known: Vec<&String> = key.as_object().unwrap().keys().collect();
    assert_eq!(known, ["alg", "crv", "kid", "kty", "paserk", "use", "x"]);
    assert!(!keys.text.contains(&app.keys().0) && !keys.text.contains("\"d\""), "nothing of the secret key");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn everybody_at_once_is_told_the_same() {
        let app = app().await;
        let answers = app.send_at_once(vec![TestRequest::get(ADDRESS); 8]).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_key_is_the_one_that_tokens_name() {
        let app = app().await;
        let keys = app.send(TestRequest::get(ADDRESS)).await;
        let made = app.send(super::super::sign_up("ana@example.com")).await;
        let token = made.data()["accessToken"].as_str().unwrap();
        let footer = base64_of(token.rsplit('.').next().unwrap());
        assert_eq!(footer["kid"], keys.json["keys"][0]["kid"]);
    }

    fn base64_of(part: &str) -> Value {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn it_asks_no_database() {
        let mut app = app().await;
        std::sync::Arc::get_mut(&mut app).unwrap().reconnect("postgres://nobody@127.0.0.1:1/none");
        assert_eq!(app.send(TestRequest::get(ADDRESS)).await.status, 200);
    }
}
