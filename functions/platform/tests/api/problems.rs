use super::stage;
use testkit::Ask;

#[tokio::test]
async fn a_problem_is_explained_as_json_and_to_browsers_as_html() {
    let stage = stage().await;
    let json = stage.ask(Ask::get("/api/v1/problems/invalid-phone")).await;
    let html =
        stage.ask(Ask::get("/api/v1/problems/invalid-phone").header("accept", "text/html,*/*;q=0.8")).await;
    assert_eq!((json.status, json.data()["code"].as_str()), (200, Some("INVALID_PHONE")));
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(html.text.contains("<h1>Invalid phone number</h1>"));
    assert_eq!(html.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
}

mod integrity {
    use super::*;
    use serde_json::Value;

    #[tokio::test]
    async fn every_code_of_the_catalogue_resolves() {
        let stage = stage().await;
        let catalogue: Value = serde_json::from_str(include_str!("../../problems.json")).unwrap();
        let codes: Vec<_> =
            catalogue.as_array().unwrap().iter().map(|page| page["code"].as_str().unwrap()).collect();
        assert!(codes.len() > 40);
        for code in codes {
            let slug = code.to_lowercase().replace('_', "-");
            let page = stage.ask(Ask::get(&format!("/api/v1/problems/{slug}"))).await;
            assert_eq!((page.status, page.data()["code"].as_str()), (200, Some(code)));
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_unknown_code_is_not_found_and_markup_is_not_repeated() {
        let stage = stage().await;
        for code in ["nonsense", "INVALID_PHONE", "%3Cscript%3E"] {
            let ask = Ask::get(&format!("/api/v1/problems/{code}"))
                .header("accept", "text/html, application/problem+json");
            assert_eq!(stage.ask(ask).await.refusal(), (404, "PROBLEM_NOT_FOUND"), "{code}");
        }
    }
}
