use super::app;
use testkit::TestRequest;

const PATH: &str = "/api/v1/openapi.json";

#[tokio::test]
async fn the_contract_is_served_to_anybody_and_may_be_kept() {
    let app = app().await;
    let served = app.send(TestRequest::get(PATH)).await;
    assert_eq!((served.status, served.json["openapi"].as_str()), (200, Some("3.1.0")));
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.header("cache-control"), Some("public, max-age=300"));
}

mod integrity {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn what_is_served_is_what_is_committed_and_has_every_route() {
        let app = app().await;
        let served = app.send(TestRequest::get(PATH)).await;
        let routes: Vec<Value> = serde_json::from_str(include_str!("../../routes.json")).unwrap();
        let routes: BTreeSet<_> = routes
            .iter()
            .map(|row| (row["path"].as_str().unwrap(), row["method"].as_str().unwrap().to_lowercase()))
            .collect();
        let paths = served.json["paths"].as_object().unwrap();
        let operations: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| (path.as_str(), method.clone()))
            })
            .collect();
        assert_eq!(served.text, include_str!("../../openapi.json"));
        assert_eq!(operations, routes);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn whoever_has_it_is_not_sent_it_again() {
        let app = app().await;
        let served = app.send(TestRequest::get(PATH)).await;
        let tag = served.header("etag").unwrap();
        let known = app.send(TestRequest::get(PATH).header("if-none-match", tag)).await;
        let other = app.send(TestRequest::get(PATH).header("if-none-match", "\"other\"")).await;
        assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
        assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", Some(tag)));
        assert_eq!((other.status, other.header("etag")), (200, Some(tag)));
    }

    #[tokio::test]
    async fn its_version_alone_is_told_to_head_and_nothing_else_is_allowed() {
        let app = app().await;
        let head = app.send(TestRequest::new("HEAD", PATH)).await;
        let put = app.send(TestRequest::new("PUT", PATH)).await;
        assert_eq!((head.status, head.text.as_str(), head.header("etag").is_some()), (200, "", true));
        assert_eq!(put.refusal(), (405, "METHOD_NOT_ALLOWED"));
    }
}
