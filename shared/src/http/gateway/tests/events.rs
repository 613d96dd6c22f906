use super::super::{Format, Request, lenient, read, typed};
use http::Method;
use http::header::{ACCEPT, COOKIE};
use std::path::Path;

/// An HTTP API's event with everything that one can have.
const HTTP: &str = r#"{
    "version": "2.0", "routeKey": "$default", "rawPath": "/things/%2e%2e", "rawQueryString": "q=x+y&q=z",
    "cookies": ["a=1", "b=é; 2"],
    "headers": { "accept": "a,b", "x-name": "João", "if-none-match": "\"1\"" },
    "queryStringParameters": { "q": "x y,z" }, "pathParameters": { "id": "7" }, "stageVariables": null,
    "requestContext": {
        "accountId": "1", "apiId": "a", "domainName": "d.example", "domainPrefix": "d", "requestId": "r-1",
        "authorizer": { "jwt": { "claims": { "sub": "x" }, "scopes": null } },
        "http": { "method": "PATCH", "path": "/things", "protocol": "HTTP/1.1", "sourceIp": "2001:db8::1", "userAgent": "u" },
        "routeKey": "$default", "stage": "$default", "time": "t", "timeEpoch": 1
    },
    "body": "eyJhIjoxfQ==", "isBase64Encoded": true
}"#;

/// A REST API's, likewise.
const REST: &str = r#"{
    "version": "1.0", "resource": "/things", "path": "/things", "httpMethod": "GET",
    "headers": { "Accept": "b", "If-None-Match": "\"1\"", "Cookie": "c=3" },
    "multiValueHeaders": { "Accept": ["a", "b"], "Cookie": ["a=1; b=2", "c=3"] },
    "queryStringParameters": { "q": "z", "é": "ü&" },
    "multiValueQueryStringParameters": { "q": ["x y", "z"] }, "pathParameters": null, "stageVariables": null,
    "requestContext": {
        "accountId": "1", "apiId": "a", "httpMethod": "GET", "path": "/things", "protocol": "HTTP/1.1",
        "requestId": "r-1", "stage": "$default", "resourceId": "i", "resourcePath": "/things",
        "identity": { "sourceIp": "192.0.2.1", "userAgent": "u" }, "requestTimeEpoch": 1
    },
    "body": null, "isBase64Encoded": false
}"#;

/// What the types of `lambda_http` make of an event, which must be what the lenient reader makes of it.
fn read_by_both(name: &str, json: &str) -> (Request, Format) {
    let (found, format) = typed::read(json).unwrap_or_else(|| panic!("{name} is refused"));
    let (other, other_format) = lenient::read(json);
    let (by_types, leniently) = (Request::from(found), Request::from(other));
    assert_eq!((&by_types, format), (&leniently, other_format), "{name}");
    (by_types, format)
}

#[test]
fn an_http_apis_event_is_read_to_the_same_request_by_both_readers() {
    let (request, format) = read_by_both("an HTTP API's event", HTTP);
    assert_eq!((request.method.as_str(), format), ("PATCH", Format::Http));
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/things/%2e%2e", "q=x+y&q=z"));
    assert_eq!(request.headers.len(), 3);
    assert_eq!(request.headers["x-name"].as_bytes(), "João".as_bytes());
    assert_eq!(request.cookies, ["a=1", "b=é; 2"]);
    assert_eq!(request.body.as_deref(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(request.gateway_id.as_deref(), Some("r-1"));
    assert_eq!(request.source_address, "2001:db8::1");
}

#[test]
fn a_rest_apis_event_is_the_same_request_as_an_http_apis() {
    let (request, format) = read_by_both("a REST API's event", REST);
    assert_eq!((&request.method, format), (&Method::GET, Format::Rest));
    assert_eq!((request.path.as_str(), request.query.as_str()), ("/things", "q=x+y&q=z&%C3%A9=%C3%BC%26"));
    assert_eq!((request.header(&ACCEPT), request.headers.get_all(ACCEPT).iter().count()), (Some("a,b"), 1));
    assert_eq!(request.cookies, ["a=1", "b=2", "c=3"]);
    assert_eq!(request.headers.get(COOKIE), None);
    assert_eq!(request.body.as_deref(), Some(&b""[..]));
    assert_eq!(request.gateway_id.as_deref(), Some("r-1"));
    assert_eq!(request.source_address, "192.0.2.1");
}

#[test]
fn a_rest_event_may_have_the_plain_maps_alone() {
    let json = r#"{ "path": "/things", "httpMethod": "GET", "headers": { "Accept": "b" },
        "queryStringParameters": { "q": "z" }, "requestContext": { "httpMethod": "GET" } }"#;
    let (request, _) = read_by_both("a bare event", json);
    assert_eq!((request.header(&ACCEPT), request.query.as_str()), (Some("b"), "q=z"));
}

#[test]
fn cookies_that_a_function_url_gives_twice_are_there_once() {
    let json = HTTP.replace(r#""accept""#, r#""cookie": "a=1; b=2", "accept""#);
    let (request, _) = read_by_both("a function URL's event", &json);
    assert_eq!((request.cookies.len(), request.headers.get(COOKIE)), (2, None));
}

#[test]
fn each_sample_event_of_a_gateway_is_read_by_both() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut count = 0;
    for folder in ["", "rest", "function-url"] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let json = std::fs::read_to_string(&path).unwrap();
            // Consumers and workers have samples there, too.
            if json.contains("\"rawPath\"") || json.contains("\"httpMethod\"") {
                let (request, _) = read_by_both(&path.display().to_string(), &json);
                assert!(request.path.starts_with('/'));
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_request_gets_lambdas_id_where_the_gateway_gave_none() {
    let (given, _) = read(HTTP);
    assert_eq!(given.or_id("lambda").gateway_id.as_deref(), Some("r-1"));
    for (id, expected) in [("lambda", Some("lambda")), ("", None), ("a\nb", None)] {
        let (none, _) = read("{}");
        assert_eq!(none.or_id(id).gateway_id.as_deref(), expected);
    }
}
