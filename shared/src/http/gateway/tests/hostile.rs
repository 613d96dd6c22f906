use super::super::{Format, Request, read};
use http::Method;
use http::header::HOST;

/// An HTTP API's event with these members, each as JSON; `body` is a whole member or nothing.
fn http(path: &str, query: &str, headers: &str, body: &str) -> String {
    format!(
        r#"{{"version":"2.0","routeKey":"$default","rawPath":{path},"rawQueryString":{query},"headers":{headers},
        "requestContext":{{"accountId":"1","apiId":"a","domainName":"d.example","http":{{"method":"GET","path":"/x",
        "protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"u"}},"requestId":"r","routeKey":"$default",
        "stage":"$default","time":"t","timeEpoch":1}},{body}"isBase64Encoded":false}}"#
    )
}

const PLAIN: &str = r#"{"host":"d.example"}"#;

/// Method, path, query and host.
fn shown(request: &Request) -> (&str, &str, &str, Option<&str>) {
    let host = request.headers.get(HOST).map(|value| value.to_str().unwrap());
    (request.method.as_str(), &request.path, &request.query, host)
}

#[test]
fn a_path_and_a_query_are_taken_as_they_were_sent() {
    for (json, path) in [
        (r#""/a b""#, "/a b"),
        (r#""/a\"<>""#, "/a\"<>"),
        (r#""x""#, "x"),
        (r#""""#, ""),
        (r#""/é""#, "/é"),
        (r#""/\u0000""#, "/\0"),
        (r#""/%2e%2e/%00""#, "/%2e%2e/%00"),
    ] {
        let (request, format) = read(&http(json, "\"a=b\"", PLAIN, ""));
        assert_eq!(shown(&request), ("GET", path, "a=b", Some("d.example")));
        assert_eq!(format, Format::Http);
    }
    for (json, query) in [(r#""a=b c""#, "a=b c"), (r#""a=#|^""#, "a=#|^"), ("null", "")] {
        let (request, _) = read(&http("\"/x\"", json, PLAIN, ""));
        assert_eq!(shown(&request), ("GET", "/x", query, Some("d.example")));
    }
}

#[test]
fn a_header_that_is_none_is_left_out_and_the_rest_of_the_event_is_read() {
    for headers in [
        r#"{"host":"d.example","x":"a\nb"}"#,
        r#"{"host":"d.example","x y":"a"}"#,
        r#"{"host":"d.example","":"a"}"#,
        r#"{"host":"d.example","é":"a"}"#,
    ] {
        let (request, format) = read(&http("\"/x\"", "\"a=b\"", headers, ""));
        assert_eq!(shown(&request), ("GET", "/x", "a=b", Some("d.example")), "{headers}");
        assert_eq!((request.headers.len(), format), (1, Format::Http), "{headers}");
        assert_eq!(
            (request.gateway_id.as_deref(), request.source_address.as_str()),
            (Some("r"), "192.0.2.1")
        );
    }
    for host in ["a b/c", "a:1:2"] {
        let (request, _) = read(&http("\"/x\"", "\"\"", &format!(r#"{{"host":"{host}"}}"#), ""));
        assert_eq!(shown(&request), ("GET", "/x", "", Some(host)));
    }
}

#[test]
fn a_rest_event_with_a_header_that_is_none_is_read_too() {
    let json = r#"{ "path": "/x", "httpMethod": "POST", "multiValueHeaders": { "Host": ["d.example"], "x": ["a\nb"] },
        "requestContext": { "httpMethod": "POST", "requestId": "r", "identity": { "sourceIp": "192.0.2.1" } } }"#;
    let (request, format) = read(json);
    assert_eq!((shown(&request), format), (("POST", "/x", "", Some("d.example")), Format::Rest));
    assert_eq!(request.source_address, "192.0.2.1");
}

#[test]
fn a_method_that_is_no_token_is_one_that_no_endpoint_has_and_no_method_is_get() {
    for (name, method) in [("G T", Method::TRACE), ("", Method::GET), ("BREW", "BREW".parse().unwrap())] {
        let json = http("\"/x\"", "\"\"", PLAIN, "").replace("\"GET\"", &format!("\"{name}\""));
        let (request, _) = read(&json);
        assert_eq!((request.method, request.path.as_str()), (method, "/x"), "{name}");
    }
}

#[test]
fn broken_base64_is_no_body() {
    let json = http("\"/x\"", "\"\"", PLAIN, r#""body":"@@","#).replace("d\":false", "d\":true");
    assert_eq!(read(&json).0.body, None);
    let rest = r#"{ "path": "/x", "httpMethod": "POST", "body": "@@", "isBase64Encoded": true,
        "requestContext": { "httpMethod": "POST" } }"#;
    assert_eq!(read(rest).0.body, None);
}

#[test]
fn a_parameter_without_a_value_is_none() {
    let json = r#"{ "path": "/x", "httpMethod": "GET", "multiValueQueryStringParameters": { "a": [], "b": ["1"] },
        "queryStringParameters": { "c": "2" }, "requestContext": { "httpMethod": "GET" } }"#;
    assert_eq!(read(json).0.query, "b=1&c=2");
}

#[test]
fn what_is_no_gateways_event_is_a_request_for_nothing() {
    let number_in_a_header = http("\"/x\"", "\"\"", r#"{"x":7}"#, "");
    for json in [
        r#"{"version":"2.0","rawPath":"/x"}"#,
        // A load balancer, and its health check.
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:x"}},"httpMethod":"GET","path":"/health/live",
            "queryStringParameters":{},"headers":{"host":"a"},"body":"","isBase64Encoded":false}"#,
        r#"{"requestContext":{"elb":{"targetGroupArn":"arn:x"}},"httpMethod":"GET","path":"/v1/health/",
            "queryStringParameters":{},"headers":{"user-agent":"ELB-HealthChecker/2.0"},"body":"",
            "isBase64Encoded":false}"#,
        // A WebSocket API.
        r#"{"requestContext":{"routeKey":"$connect","eventType":"CONNECT","connectionId":"c","requestId":"r",
            "stage":"s","domainName":"d","apiId":"a","identity":{"sourceIp":"1.2.3.4"}},"isBase64Encoded":false}"#,
        // A queue.
        r#"{"Records":[{"messageId":"m","body":"b"}]}"#,
        &number_in_a_header,
        r#"{"headers":7}"#,
        r#"{"requestContext":null}"#,
        "null",
        "7",
        "[]",
        "{}",
        "\u{0}",
        "",
    ] {
        let (request, format) = read(json);
        assert_eq!((request.path.as_str(), request.headers.len(), format), ("", 0, Format::Http), "{json}");
        assert_eq!((request.method, request.gateway_id), (Method::TRACE, None), "{json}");
    }
}

#[test]
fn more_headers_than_a_map_has_room_for_are_a_request_for_nothing() {
    let headers: Vec<String> = (0..24_577).map(|number| format!("\"h{number}\":\"\"")).collect();
    let headers = format!("{{{}}}", headers.join(","));
    let (request, _) = read(&http(r#""/x""#, r#""""#, &headers, ""));
    assert_eq!((request.method, request.path.as_str()), (Method::TRACE, ""));
}
