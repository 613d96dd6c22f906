//! Events that the types of `lambda_http` refuse, for example for a header with a line break or a malformed method: a
//! reader of the needed members alone, each of them optional.

use super::{Format, Found, Lists, joined, query};
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Reads an event of either format; a text that is no event is a request for nothing.
pub(super) fn read(json: &str) -> (Found, Format) {
    let event = serde_json::from_str::<HttpEvent>(json).ok();
    if let Some(event) = event.filter(|event| !event.request_context.http.method.is_empty()) {
        return (event.into(), Format::Http);
    }
    let event = serde_json::from_str::<RestEvent>(json).ok();
    match event.filter(|event| !event.http_method.is_empty() && event.request_context.elb.is_none()) {
        Some(event) => (event.into(), Format::Rest),
        None => nothing(),
    }
}

/// A request for nothing.
pub(super) fn nothing() -> (Found, Format) {
    (Found { method: Method::TRACE, ..Found::default() }, Format::default())
}

/// Payload format 2.0.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpEvent {
    raw_path: String,
    /// Null from `cargo lambda watch` for no query.
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: BTreeMap<String, String>,
    request_context: HttpContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpContext {
    request_id: String,
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Http {
    method: String,
    source_ip: String,
}

impl From<HttpEvent> for Found {
    fn from(event: HttpEvent) -> Self {
        let context = event.request_context;
        Self {
            method: method(&context.http.method),
            path: event.raw_path,
            query: event.raw_query_string.unwrap_or_default(),
            headers: event.headers.iter().filter_map(|(name, value)| header(name, value)).collect(),
            cookies: event.cookies.unwrap_or_default(),
            body: event.body,
            is_base64: event.is_base64_encoded,
            request_id: context.request_id,
            source_address: context.http.source_ip,
        }
    }
}

/// Payload format 1.0. The gateway writes null for an empty member.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RestEvent {
    http_method: String,
    path: String,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<Lists>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<Lists>,
    request_context: RestContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RestContext {
    request_id: String,
    identity: Identity,
    /// The mark of load balancers, which send the same members without the client's address.
    elb: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    source_ip: String,
}

impl From<RestEvent> for Found {
    fn from(event: RestEvent) -> Self {
        let headers = all_values(event.multi_value_headers, event.headers);
        let parameters = all_values(event.multi_value_query_string_parameters, event.query_string_parameters);
        let pairs = headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let context = event.request_context;
        Self {
            method: method(&event.http_method),
            path: event.path,
            query: query(&parameters),
            headers: joined(pairs.filter_map(|(name, value)| header(name, value)).collect()),
            cookies: Vec::new(),
            body: event.body,
            is_base64: event.is_base64_encoded,
            request_id: context.request_id,
            source_address: context.identity.source_ip,
        }
    }
}

/// The method; a malformed one becomes a method that no endpoint has.
fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or(Method::TRACE)
}

/// A header; none for a malformed one.
fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
}

/// All values of each name: of the lists, or of the plain map, which has the last value of each name. Some callers send
/// the map alone.
fn all_values(lists: Option<Lists>, last: Option<BTreeMap<String, String>>) -> Lists {
    let mut all = lists.unwrap_or_default();
    for (name, value) in last.unwrap_or_default() {
        all.entry(name).or_insert_with(|| vec![value]);
    }
    all
}
