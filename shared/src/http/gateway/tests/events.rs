use super::super::{Format, Request, lenient, read, typed};
use http::Method;
use http::header::{ACCEPT, COOKIE};
use serde_json::Value;
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

/// The paths of all members and items of a value, those of containers included.
fn paths(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| -> Vec<String> {
        let head = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let inner = paths(value).into_iter().map(|path| format!("{head}{path}"));
        std::iter::once(head.clone()).chain(inner).collect()
    };
    match value {
        Value::Object(members) => members.iter().flat_map(|(name, value)| below(name, value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(place, item)| below(&place.to_string(), item)).collect()
        }
        _ => Vec::new(),
    }
}

/// The value without the member or item at `path`.
fn without(value: &Value, path: &str) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let mut value = value.clone();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~")).unwrap()),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => unreachable!(),
    }
    value
}

/// Reads an event as the program does; where the types take it, too, the lenient reader reads the same in it.
fn read_alike(what: &str, json: &str) -> (Request, Format) {
    let (request, format) = read(json);
    let (leniently, its_format) = lenient::read(json);
    assert_eq!((&request, format), (&leniently.into(), its_format), "{what}");
    (request, format)
}

#[test]
fn a_null_is_read_as_if_its_member_were_absent_whichever_and_however_many() {
    for event in [HTTP, REST] {
        let event: Value = serde_json::from_str(event).unwrap();
        let all = paths(&event);
        let mut unread = Vec::new();
        for path in &all {
            let mut nulled = event.clone();
            *nulled.pointer_mut(path).unwrap() = Value::Null;
            let read_nulled = read_alike(path, &nulled.to_string());
            assert_eq!(read_nulled, read_alike(path, &without(&event, path).to_string()), "{path}");
            if read_nulled.0.path.is_empty() && read_nulled.0.method == Method::TRACE {
                unread.push(path.as_str());
            }
            // And another beside it.
            for other in all
                .iter()
                .filter(|other| !other.starts_with(path.as_str()) && !path.starts_with(other.as_str()))
            {
                let mut both = nulled.clone();
                *both.pointer_mut(other).unwrap() = Value::Null;
                read_alike(&format!("{path} {other}"), &both.to_string());
            }
        }
        let expected: &[&str] = if event["version"] == "2.0" {
            &["/requestContext", "/requestContext/http", "/requestContext/http/method"]
        } else {
            &["/httpMethod"]
        };
        unread.sort_unstable();
        assert_eq!(unread, expected, "without a method there is no request");
    }
}

#[test]
fn an_event_whose_every_other_member_is_null_is_read() {
    let http = r#"{"version":null,"routeKey":null,"rawPath":"/x","rawQueryString":null,"cookies":null,"headers":null,
        "queryStringParameters":null,"pathParameters":null,"stageVariables":null,"body":null,"isBase64Encoded":null,
        "requestContext":{"accountId":null,"apiId":null,"authentication":null,"authorizer":null,"domainName":null,
        "domainPrefix":null,"http":{"method":"GET","path":null,"protocol":null,"sourceIp":null,"userAgent":null},
        "requestId":null,"routeKey":null,"stage":null,"time":null,"timeEpoch":null}}"#;
    let rest = r#"{"version":null,"resource":null,"path":"/x","httpMethod":"GET","headers":null,"multiValueHeaders":null,
        "queryStringParameters":null,"multiValueQueryStringParameters":null,"pathParameters":null,"stageVariables":null,
        "requestContext":null,"body":null,"isBase64Encoded":null}"#;
    for (json, expected) in [(http, Format::Http), (rest, Format::Rest)] {
        let (request, format) = read_alike("nulls", json);
        assert_eq!((request.method.as_str(), request.path.as_str(), format), ("GET", "/x", expected));
        assert_eq!((request.headers.len(), request.body.as_deref()), (0, Some(&b""[..])));
    }
}

#[test]
fn both_readers_have_the_plain_value_where_the_list_is_empty_and_names_in_any_case() {
    let json = r#"{ "path": "/x", "httpMethod": "GET", "requestContext": { "httpMethod": "GET" },
        "headers": { "accept": "b", "X-One": "1" }, "multiValueHeaders": { "Accept": ["a"], "x-one": [] },
        "queryStringParameters": { "q": "1" }, "multiValueQueryStringParameters": { "q": [] } }"#;
    let (request, _) = read_by_both("an event with empty lists", json);
    assert_eq!((request.header(&ACCEPT), request.query.as_str()), (Some("a"), "q=1"));
    assert_eq!(request.headers["x-one"].as_bytes(), b"1");
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
