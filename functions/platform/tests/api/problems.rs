use super::app;
use testkit::TestRequest;

#[tokio::test]
async fn a_problem_is_explained_as_json_and_to_browsers_as_html() {
    let app = app().await;
    let json = app.send(TestRequest::get("/api/v1/problems/invalid-phone")).await;
    let html = app
        .send(TestRequest::get("/api/v1/problems/invalid-phone").header("accept", "text/html,*/*;q=0.8"))
        .await;
    assert_eq!((json.status, json.data()["code"].as_str()), (200, Some("INVALID_PHONE")));
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(html.text.contains("<h1>Invalid phone number</h1>"));
    assert_eq!(html.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
}

#[tokio::test]
async fn the_caller_has_it_in_the_type_that_it_prefers() {
    let app = app().await;
    let (json, html) = ("application/json", "text/html; charset=utf-8");
    for (accept, expected) in [
        ("text/html;q=0, application/json", json),
        ("text/html;q=0.1, application/json;q=0.2", json),
        ("*/*", json),
        ("text/*", html),
        ("TEXT/HTML", html),
        ("application/json;q=0.5, text/html", html),
    ] {
        let page =
            app.send(TestRequest::get("/api/v1/problems/invalid-phone").header("accept", accept)).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some(expected)), "{accept}");
        assert_eq!(page.header("vary"), Some("Accept,Origin"), "{accept}");
    }
}

mod integrity {
    use super::*;
    use serde_json::Value;

    #[tokio::test]
    async fn every_code_of_the_catalogue_resolves() {
        let app = app().await;
        let catalogue: Value = serde_json::from_str(include_str!("../../problems.json")).unwrap();
        let codes: Vec<_> =
            catalogue.as_array().unwrap().iter().map(|page| page["code"].as_str().unwrap()).collect();
        assert!(codes.len() > 40);
        for code in codes {
            let slug = code.to_lowercase().replace('_', "-");
            let page = app.send(TestRequest::get(&format!("/api/v1/problems/{slug}"))).await;
            assert_eq!((page.status, page.data()["code"].as_str()), (200, Some(code)));
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_unknown_code_is_not_found_and_markup_is_not_repeated() {
        let app = app().await;
        for code in ["nonsense", "INVALID_PHONE", "%3Cscript%3E"] {
            let request = TestRequest::get(&format!("/api/v1/problems/{code}"))
                .header("accept", "text/html, application/problem+json");
            assert_eq!(app.send(request).await.refusal(), (404, "PROBLEM_NOT_FOUND"), "{code}");
        }
    }
}
