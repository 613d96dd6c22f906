use super::super::{Format, GatewayReply};
use crate::http::Response;
use http::header::{CONTENT_TYPE, HeaderValue, VARY};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

fn reply(response: Response, format: Format) -> Value {
    serde_json::to_value(GatewayReply::of(response, format)).unwrap()
}

/// A response with a repeated header and two cookies.
fn rich() -> Response {
    let mut response = Response::with_body(StatusCode::CREATED, "text/plain", b"text".to_vec());
    response.headers.append(VARY, HeaderValue::from_static("Accept"));
    response.headers.append(VARY, HeaderValue::from_static("Origin"));
    response.cookies = ["a=1; Secure", "b=2; Path=/"].map(HeaderValue::from_static).to_vec();
    response
}

#[test]
fn an_http_api_is_sent_repeated_headers_in_one_and_cookies_apart() {
    let expected = json!({
        "statusCode": 201, "headers": { "content-type": "text/plain", "vary": "Accept,Origin" }, "multiValueHeaders": {},
        "cookies": ["a=1; Secure", "b=2; Path=/"], "body": "text", "isBase64Encoded": false,
    });
    assert_eq!(reply(rich(), Format::Http), expected);
}

#[test]
fn a_rest_api_is_sent_each_value_once_cookies_among_them() {
    let lists = json!({
        "content-type": ["text/plain"], "vary": ["Accept", "Origin"], "set-cookie": ["a=1; Secure", "b=2; Path=/"],
    });
    let expected = json!({
        "statusCode": 201, "headers": {}, "multiValueHeaders": lists, "body": "text", "isBase64Encoded": false,
    });
    assert_eq!(reply(rich(), Format::Rest), expected);
}

#[test]
fn a_reply_has_every_member_that_some_gateway_wants() {
    let reply = reply(Response::empty(StatusCode::NO_CONTENT), Format::Http);
    assert_eq!(reply["cookies"], json!([]), "cargo lambda watch refuses a reply without");
    assert_eq!((&reply["statusCode"], &reply["body"]), (&json!(204), &json!("")));
}

#[test]
fn a_body_that_is_no_text_travels_as_base64() {
    for format in [Format::Http, Format::Rest] {
        let of = |body: &[u8]| {
            let reply = reply(Response::with_body(StatusCode::OK, "x/y", body.to_vec()), format);
            (reply["body"].clone(), reply["isBase64Encoded"].clone())
        };
        assert_eq!(of("é".as_bytes()), (json!("é"), json!(false)));
        assert_eq!(of(&[0x1f, 0x8b]), (json!("H4s="), json!(true)));
    }
}

#[test]
fn what_is_no_visible_ascii_is_left_out_of_a_reply() {
    let bytes = || HeaderValue::from_bytes(b"\xff").unwrap();
    for format in [Format::Http, Format::Rest] {
        let mut response = Response::with_body(StatusCode::OK, "x/y", Vec::new());
        response.headers.insert(HeaderName::from_static("x-name"), bytes());
        response.headers.append(CONTENT_TYPE, bytes());
        response.cookies.push(bytes());
        let text = reply(response, format).to_string();
        assert!(text.contains("x/y") && !text.contains("x-name") && !text.contains("set-cookie"), "{text}");
    }
}
