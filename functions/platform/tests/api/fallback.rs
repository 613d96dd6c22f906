use super::app;
use testkit::TestRequest;

mod boundary {
    use super::*;

    #[tokio::test]
    async fn unknown_addresses_are_404_whatever_the_trick() {
        let app = app().await;
        let tricks = [
            "",
            "//",
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
    async fn the_root_and_the_page_with_a_slash_lead_to_the_page() {
        let app = app().await;
        for path in ["/", "/docs/", "/?utm_source=x", "/docs/?a=1&a=2"] {
            for method in ["GET", "HEAD"] {
                let led = app.send(TestRequest::new(method, path)).await;
                assert_eq!((led.status, led.header("location")), (302, Some("/docs")), "{method} {path}");
            }
            let refused = app.send(TestRequest::new("POST", path)).await;
            assert_eq!(refused.refusal(), (405, "METHOD_NOT_ALLOWED"), "{path}");
            assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        }
    }

    #[tokio::test]
    async fn options_says_which_types_a_patch_takes() {
        let app = app().await;
        for (path, taken) in [
            ("/api/v1/patients/1", Some("application/merge-patch+json, application/json")),
            ("/api/v1/patients", None),
        ] {
            let options = app.send(TestRequest::new("OPTIONS", path)).await;
            assert_eq!((options.status, options.header("accept-patch")), (204, taken), "{path}");
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
