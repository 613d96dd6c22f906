use super::app;
use flate2::read::GzDecoder;
use std::io::Read as _;
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
    async fn it_is_packed_for_whoever_takes_gzip_under_a_version_of_its_own() {
        let app = app().await;
        let plain = app.send(TestRequest::get(PATH).query("v=1")).await;
        let packed = app.send(TestRequest::get(PATH).header("accept-encoding", "br, gzip")).await;
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            (None, Some("Accept-Encoding,Origin"))
        );
        assert_eq!(
            (packed.header("content-encoding"), packed.header("vary")),
            (Some("gzip"), Some("Accept-Encoding,Origin"))
        );
        let mut unpacked = String::new();
        GzDecoder::new(packed.body.as_slice()).read_to_string(&mut unpacked).unwrap();
        assert!(unpacked == plain.text && packed.body.len() * 5 < plain.body.len(), "{}", packed.body.len());
        let tag = plain.header("etag").unwrap();
        assert_ne!(packed.header("etag"), Some(tag));
        let other = TestRequest::get(PATH).header("accept-encoding", "gzip").header("if-none-match", tag);
        assert_eq!(app.send(other).await.status, 200, "the other form's tag");
        for known in ["W/W/", "*, "] {
            let known = TestRequest::get(PATH).header("if-none-match", &format!("{known}{tag}"));
            assert_eq!(app.send(known).await.status, 200, "what is malformed matches nothing");
        }
        for known in ["W/", "\"0\", "] {
            let known = TestRequest::get(PATH).header("if-none-match", &format!("{known}{tag}"));
            assert_eq!(app.send(known).await.status, 304);
        }
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
