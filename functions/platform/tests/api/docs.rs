use super::app;
use flate2::read::GzDecoder;
use std::io::Read as _;
use testkit::{TestRequest, TestResponse};

const PAGE: &str = "/docs";
const SCRIPT: &str = "/docs/scalar.js";

/// The directives of the page's policy, by their names.
fn policy(page: &TestResponse) -> std::collections::BTreeMap<&str, Vec<&str>> {
    let header = page.header("content-security-policy").unwrap_or_default();
    let directives = header.split(';').map(|directive| directive.split_whitespace());
    directives.map(|mut words| (words.next().unwrap_or_default(), words.collect())).collect()
}

/// Every address that the page loads something from, or leads to.
fn addresses(html: &str) -> Vec<&str> {
    let after = html.split("src=\"").skip(1).chain(html.split("href=\"").skip(1));
    after.filter_map(|rest| rest.split('"').next()).filter(|address| !address.starts_with("data:")).collect()
}

#[tokio::test]
async fn the_page_shows_the_served_document_with_the_served_script() {
    let app = app().await;
    let page = app.send(TestRequest::get(PAGE).header("accept", "text/html,*/*;q=0.8")).await;
    let document = app.send(TestRequest::get("/api/v1/openapi.json")).await;
    let browser =
        TestRequest::get(SCRIPT).header("accept", "*/*").header("accept-encoding", "gzip, deflate, br, zstd");
    let script = app.send(browser).await;

    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text.contains("url: \"/api/v1/openapi.json\""));
    assert!(page.text.contains("<script src=\"/docs/scalar.js\" defer></script>"));
    assert_eq!((document.status, script.status), (200, 200));
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn the_address_that_signs_in_is_the_one_of_login() {
    let app = app().await;
    let page = app.send(TestRequest::get(PAGE)).await;
    let document = app.send(TestRequest::get("/api/v1/openapi.json")).await;
    let login = &document.json["paths"]["/api/v1/auth/login"]["post"];
    let tag = login["tags"][0].as_str().unwrap();
    assert_eq!(login["operationId"], "login");
    assert!(page.text.contains("const SIGN_IN = \"/api/v1/auth/login\";"));
    assert!(page.text.contains(&format!("href=\"#tag/{tag}/POST/api/v1/auth/login\"")));
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_script_is_the_one_that_scalar_published() {
        let app = app().await;
        let plain = app.send(TestRequest::get(SCRIPT)).await;
        let packed = app.send(TestRequest::get(SCRIPT).header("accept-encoding", "gzip")).await;
        let mut script = Vec::new();
        GzDecoder::new(packed.body.as_slice()).read_to_end(&mut script).unwrap();
        let published = scalar_api_reference::get_asset("scalar.js").unwrap();
        assert!(script == published && plain.body == published, "other bytes");
        let reply = serde_json::to_string(&plain.text).unwrap();
        assert!(
            reply.len() < 6_000_000 && packed.body.len() < 4_000_000,
            "6 MB at most, as text or in base64"
        );
    }

    #[tokio::test]
    async fn the_page_may_load_and_call_nothing_but_this_origin() {
        let app = app().await;
        let page = app.send(TestRequest::get(PAGE)).await;
        let policy = policy(&page);
        for (directive, sources) in &policy {
            for source in sources {
                let is_hash = source.starts_with("'sha256-");
                let is_own = ["'none'", "'self'", "data:"].contains(source) || is_hash;
                let is_style = (*directive, *source) == ("style-src", "'unsafe-inline'");
                assert!(is_own || is_style, "{directive} {source}");
            }
        }
        for (directive, sources) in [
            ("default-src", ["'none'"]),
            ("connect-src", ["'self'"]),
            ("base-uri", ["'none'"]),
            ("form-action", ["'none'"]),
            ("frame-ancestors", ["'none'"]),
        ] {
            assert_eq!(policy[directive], sources, "{directive}");
        }
        assert!(!policy["script-src"].contains(&"data:"));
        for address in addresses(&page.text) {
            let is_own = address.starts_with('#') || (address.starts_with('/') && !address.starts_with("//"));
            assert!(is_own, "{address}");
        }
    }

    #[tokio::test]
    async fn no_other_reply_has_the_policy_of_the_page() {
        let app = app().await;
        let others = [
            TestRequest::get(SCRIPT),
            TestRequest::get("/api/v1/openapi.json"),
            TestRequest::get(PAGE).header("accept", "image/png"),
            TestRequest::get("/docs/other.js"),
            TestRequest::new("POST", PAGE),
        ];
        for other in others {
            let answer = app.send(other).await;
            let policy = answer.header("content-security-policy");
            assert_eq!(policy, Some("default-src 'none'; frame-ancestors 'none'"), "{}", answer.status);
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn whoever_has_them_is_not_sent_them_again() {
        let app = app().await;
        for path in [PAGE, SCRIPT] {
            let served = app.send(TestRequest::get(path)).await;
            let tag = served.header("etag").unwrap();
            let known = app.send(TestRequest::get(path).header("if-none-match", tag)).await;
            let other = app.send(TestRequest::get(path).header("if-none-match", "\"other\"")).await;
            assert_eq!(served.header("cache-control"), Some("public, no-cache"), "{path}");
            assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)), "{path}");
            assert_eq!((other.status, other.header("etag")), (200, Some(tag)), "{path}");
        }
    }

    #[tokio::test]
    async fn a_query_changes_nothing() {
        let app = app().await;
        for path in [PAGE, SCRIPT] {
            let plain = app.send(TestRequest::get(path)).await;
            let asked = app.send(TestRequest::get(path).query("utm_source=x&t=1&t=2&%ff")).await;
            assert_eq!((asked.status, asked.header("etag")), (200, plain.header("etag")), "{path}");
        }
    }

    #[tokio::test]
    async fn the_script_is_packed_for_whoever_takes_gzip_and_for_nobody_else() {
        let app = app().await;
        let asked = |wishes: &str| TestRequest::get(SCRIPT).header("accept-encoding", wishes);
        let plain = app.send(TestRequest::get(SCRIPT)).await;
        let packed = app.send(asked("gzip")).await;
        let tags = [&plain, &packed].map(|it| it.header("etag").unwrap());
        assert_ne!(tags[0], tags[1], "a strong tag stands for bytes");
        for (wishes, expected) in [
            ("identity", &plain),
            ("br", &plain),
            ("gzip;q=0, *", &plain),
            ("", &plain),
            ("GZip;q=0.5", &packed),
            ("*", &packed),
        ] {
            let answer = app.send(asked(wishes)).await;
            assert_eq!(answer.header("content-encoding"), expected.header("content-encoding"), "{wishes}");
            assert!(answer.body == expected.body, "{wishes}");
            assert_eq!(answer.header("vary"), Some("Accept-Encoding,Origin"), "{wishes}");
            let known = app.send(asked(wishes).header("if-none-match", tags[1])).await;
            let status = if std::ptr::eq(expected, &raw const packed) { 304 } else { 200 };
            assert_eq!(
                (known.status, known.header("vary")),
                (status, Some("Accept-Encoding,Origin")),
                "{wishes}"
            );
        }
    }

    #[tokio::test]
    async fn head_tells_their_lengths_and_nothing_else_is_allowed() {
        let app = app().await;
        for path in [PAGE, SCRIPT] {
            let served = app.send(TestRequest::get(path)).await;
            let head = app.send(TestRequest::new("HEAD", path)).await;
            let post = app.send(TestRequest::new("POST", path)).await;
            let length = served.body.len().to_string();
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
            assert_eq!(head.header("content-length"), Some(length.as_str()), "{path}");
            let tag = served.header("etag").unwrap();
            for method in ["GET", "HEAD"] {
                let known = app.send(TestRequest::new(method, path).header("if-none-match", tag)).await;
                let sent = (known.header("content-length"), known.header("content-type"), known.body.len());
                assert_eq!((known.status, sent), (304, (None, None, 0)), "{method} {path}");
            }
            assert_eq!(post.refusal(), (405, "METHOD_NOT_ALLOWED"), "{path}");
        }
    }

    #[tokio::test]
    async fn they_are_no_json_and_other_names_are_not_there() {
        let app = app().await;
        for path in [PAGE, SCRIPT] {
            let refused = app.send(TestRequest::get(path).header("accept", "application/json")).await;
            assert_eq!(refused.refusal(), (406, "NOT_ACCEPTABLE"), "{path}");
            let media = app.send(TestRequest::get(path)).await;
            let media = media.header("content-type").unwrap().split(';').next().unwrap();
            assert!(refused.json["detail"].as_str().unwrap().contains(media), "{path}: {}", refused.text);
        }
        for path in ["/docs//", "/docs/scalar.js/", "/docs/..%2fscalar.js", "/docs/page.html"] {
            assert_eq!(app.send(TestRequest::get(path)).await.refusal(), (404, "ROUTE_NOT_FOUND"), "{path}");
        }
    }
}
