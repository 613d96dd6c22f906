//! Events that the types of `lambda_http` refuse, for a header with a line break, say, or for a method that is none: only
//! what is read of an event, each member optional.

use super::{Format, Found, Lists, joined, query};
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// An event of either format; what is none is a request for nothing.
pub(super) fn read(json: &str) -> (Found, Format) {
    let event = serde_json::from_str::<HttpEvent>(json).ok();
    if let Some(event) = event.filter(|event| !event.request_context.http.method.is_empty()) {
        return (event.into(), Format::Http);
    }
    let event = serde_json::from_str::<RestEvent>(json).ok();
    match event.filter(|event| !event.http_method.is_empty() && event.request_context.elb.is_none()) {
        Some(event) => (event.into(), Format::Rest),
        None => (Found { method: Method::TRACE, ..Found::default() }, Format::default()),
    }
}

/// Payload format 2.0.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpEvent {
    raw_path: String,
    /// Where there is none `cargo lambda watch` sends null.
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

/// Payload format 1.0. The gateway writes null where there is nothing.
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
    /// Load balancers send the same members, and do not say who called.
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

/// One that is no token becomes one that no endpoint has.
fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or(Method::TRACE)
}

/// A header, unless it is none.
fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
}

/// The lists hold every value where the plain map holds the last one of each; some callers send the map alone.
fn all_values(lists: Option<Lists>, last: Option<BTreeMap<String, String>>) -> Lists {
    let mut all = lists.unwrap_or_default();
    for (name, value) in last.unwrap_or_default() {
        all.entry(name).or_insert_with(|| vec![value]);
    }
    all
}
