//! Gateway events, and what is answered to them.
//!
//! HTTP APIs and function URLs send payload format 2.0, REST APIs 1.0; the reply reads the same to all of them. The
//! event is read leniently (absent members are empty): whatever comes must end in a reply of ours, so nothing here
//! can fail but the base64 of a body.

mod rest;

use crate::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// What the gateway sends: only what is read of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// `2.0`.
    pub version: String,
    /// The matched route, e.g. `POST /api/v1/patients`, or `$default`.
    pub route_key: String,
    /// The path as sent.
    pub raw_path: String,
    /// The query as sent, without `?`. Where there is none `cargo lambda watch` sends null.
    #[serde(deserialize_with = "null_is_none")]
    pub raw_query_string: String,
    /// Cookies, taken out of the headers by the gateway.
    pub cookies: Vec<String>,
    /// Headers with lower-case names, repeated ones joined by commas.
    pub headers: BTreeMap<String, String>,
    /// Who called and how.
    pub request_context: RequestContext,
    /// The body, base64 when `is_base64_encoded`.
    pub body: Option<String>,
    /// Whether `body` is base64.
    pub is_base64_encoded: bool,
}

impl Event {
    /// Reads an event of either format. What is no event is an empty one, and so a request for a route that is not
    /// there.
    pub fn read(json: &str) -> Self {
        let event: Option<Self> = serde_json::from_str(json).ok();
        match event.filter(|event| !event.request_context.http.method.is_empty()) {
            Some(event) => event,
            None => serde_json::from_str::<rest::RestEvent>(json).unwrap_or_default().into(),
        }
    }
}

/// Reads null as if the member were absent.
fn null_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The gateway's own knowledge of the request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestContext {
    /// The gateway's id of this request; ours, too.
    pub request_id: String,
    /// Method and addresses.
    pub http: HttpContext,
}

/// Method and addresses, as the gateway saw them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpContext {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The client's address: the only place it is taken from (C7).
    pub source_ip: String,
}

/// What the gateway is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayReply {
    /// The HTTP status.
    pub status_code: u16,
    /// Headers; none of ours is repeated.
    pub headers: BTreeMap<String, String>,
    /// What is set as cookies: none. Payload format 2.0 may do without, `cargo lambda watch` may not.
    pub cookies: Vec<String>,
    /// The body, base64 when `is_base64_encoded`.
    pub body: String,
    /// Whether `body` is base64; a REST API takes it only with `*/*` among its binary media types.
    pub is_base64_encoded: bool,
}

impl GatewayReply {
    /// The body that the gateway sends; `None` when its base64 is broken.
    pub fn bytes(self) -> Option<Bytes> {
        body(Some(self.body), self.is_base64_encoded)
    }
}

/// A request, taken out of its event.
#[derive(Debug)]
pub struct Request {
    /// The method; one that is no token is answered 405 like any other unknown one.
    pub method: Method,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `None` when its base64 is broken.
    pub body: Option<Bytes>,
    /// The gateway's id of this request, when it gave one.
    pub gateway_id: Option<String>,
    /// The client's address by the gateway.
    pub source_address: String,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let context = event.request_context;
        let method = Method::from_bytes(context.http.method.as_bytes()).unwrap_or(Method::TRACE);
        let pairs = event.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value.as_str()).ok()?))
        });
        Self {
            method,
            headers: pairs.collect(),
            path: event.raw_path,
            query: event.raw_query_string,
            body: body(event.body, event.is_base64_encoded),
            gateway_id: Some(context.request_id).filter(|id| is_plain(id)),
            source_address: context.http.source_ip,
        }
    }
}

fn body(body: Option<String>, is_base64: bool) -> Option<Bytes> {
    let body = body.unwrap_or_default();
    if is_base64 { STANDARD.decode(body).ok().map(Bytes::from) } else { Some(Bytes::from(body)) }
}

/// An id that is fit for a header and a log line.
fn is_plain(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Request {
    /// A header's value when it is there and visible ASCII.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl From<Response> for GatewayReply {
    fn from(response: Response) -> Self {
        let headers = response
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let (body, is_base64_encoded) = match String::from_utf8(response.body) {
            Ok(text) => (text, false),
            Err(other) => (STANDARD.encode(other.as_bytes()), true),
        };
        let status_code = response.status.as_u16();
        Self { status_code, headers, cookies: Vec::new(), body, is_base64_encoded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_event_is_still_a_request() {
        let event: Event = serde_json::from_str("{}").unwrap();
        let request = Request::from(event);
        assert_eq!((request.path.as_str(), request.gateway_id), ("", None));
    }

    #[test]
    fn what_is_no_event_is_an_empty_one() {
        for json in ["null", "7", "[]", "{\"headers\": 7}", "{\"requestContext\": null}", "\u{0}"] {
            let event = Event::read(json);
            assert_eq!((event.raw_path.as_str(), event.headers.len()), ("", 0), "{json}");
        }
    }

    #[test]
    fn a_query_that_is_null_is_none() {
        let json = r#"{"version": "2.0", "rawPath": "/things", "rawQueryString": null,
            "requestContext": { "http": { "method": "GET" } } }"#;
        let event = Event::read(json);
        assert_eq!((event.raw_path.as_str(), event.raw_query_string.as_str()), ("/things", ""));
    }

    #[test]
    fn a_reply_has_every_member_that_some_gateway_wants() {
        let response = Response::with_body(http::StatusCode::OK, "text/plain", b"text".to_vec());
        let reply = serde_json::to_value(GatewayReply::from(response)).unwrap();
        let expected = serde_json::json!({
            "statusCode": 200, "headers": { "content-type": "text/plain" }, "cookies": [],
            "body": "text", "isBase64Encoded": false,
        });
        assert_eq!(reply, expected);
    }

    #[test]
    fn a_rest_event_is_the_same_request() {
        let json = r#"{
            "version": "1.0", "resource": "/things", "path": "/things", "httpMethod": "GET",
            "headers": { "Accept": "b", "If-None-Match": "\"1\"" },
            "multiValueHeaders": { "Accept": ["a", "b"] },
            "queryStringParameters": { "q": "z" },
            "multiValueQueryStringParameters": { "q": ["x y", "z"] },
            "requestContext": { "requestId": "r-1", "stage": "$default", "identity": { "sourceIp": "192.0.2.1" } },
            "body": null, "isBase64Encoded": false
        }"#;
        let event = Event::read(json);
        assert_eq!((event.raw_path.as_str(), event.raw_query_string.as_str()), ("/things", "q=x+y&q=z"));
        assert_eq!(event.headers["accept"], "a,b");
        assert_eq!(event.headers["if-none-match"], "\"1\"");
        let request = Request::from(event);
        assert_eq!((request.method, request.gateway_id.as_deref()), (Method::GET, Some("r-1")));
        assert_eq!(request.source_address, "192.0.2.1");
    }

    #[test]
    fn a_body_that_is_no_text_travels_as_base64() {
        let reply = |body: &[u8]| {
            let response = Response::with_body(http::StatusCode::OK, "x/y", body.to_vec());
            GatewayReply::from(response)
        };
        let (text, bytes) = (reply("é".as_bytes()), reply(&[0x1f, 0x8b]));
        assert_eq!((text.body.as_str(), text.is_base64_encoded), ("é", false));
        assert_eq!((bytes.body.as_str(), bytes.is_base64_encoded), ("H4s=", true));
        assert_eq!(bytes.bytes().as_deref(), Some(&[0x1f, 0x8b][..]));
    }

    #[test]
    fn broken_base64_is_no_body_and_no_panic() {
        let event = Event { body: Some("@@".to_owned()), is_base64_encoded: true, ..Event::default() };
        assert_eq!(Request::from(event).body, None);
    }
}
