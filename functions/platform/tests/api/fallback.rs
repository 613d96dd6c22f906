use super::app;
use testkit::TestRequest;

mod boundary {
    use super::*;

    #[tokio::test]
    async fn unknown_addresses_are_404_whatever_the_trick() {
        let app = app().await;
        let tricks = [
            "",
            "/",
            "/nope",
            "//api/v1/patients",
            "/api/v1/patients/",
            "/api/v1/%2e%2e/patients",
            "/$default",
        ];
        for path in tricks {
            for method in ["GET", "POST", "OPTIONS", "PROPFIND", "TRACE"] {
                let refused = app.send(TestRequest::new(method, path)).await;
                assert_eq!(refused.refusal(), (404, "ROUTE_NOT_FOUND"), "{method} {path}");
            }
        }
    }

    #[tokio::test]
    async fn unknown_methods_on_known_addresses_are_405_and_say_what_is_allowed() {
        let app = app().await;
        for method in ["DELETE", "PUT", "PROPFIND", "TRACE", "get"] {
            let refused = app.send(TestRequest::new(method, "/api/v1/patients")).await;
            assert_eq!(refused.refusal(), (405, "METHOD_NOT_ALLOWED"), "{method}");
            assert_eq!(refused.header("allow"), Some("POST, GET, HEAD, OPTIONS"));
        }
    }

    #[tokio::test]
    async fn options_answers_a_preflight_of_an_allowed_origin_and_of_no_other() {
        let app = app().await;
        let preflight = |origin: &str| {
            TestRequest::new("OPTIONS", "/api/v1/patients")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
        };
        let allowed = app.send(preflight("https://app.example")).await;
        let other = app.send(preflight("https://app.example.evil")).await;
        assert_eq!((allowed.status, allowed.text.as_str()), (204, ""));
        assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example"));
        assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(allowed.header("access-control-allow-methods"), Some("POST, GET, HEAD, OPTIONS"));
        assert!(allowed.header("access-control-allow-headers").unwrap().contains("Idempotency-Key"));
        assert_eq!(other.header("access-control-allow-origin"), None);
        assert_eq!(other.header("vary"), Some("Origin"));
    }
}
