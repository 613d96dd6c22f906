//! Events that the types of `lambda_http` refuse, for example for a header with a line break, a malformed method or a
//! null: a reader of the needed members alone, each of them optional. A null is read as if its member were absent.

use super::{Format, Found, Lists, joined, query};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Reads an event of either format; a text that is no event is a request for nothing.
pub(super) fn read(json: &str) -> (Found, Format) {
    let event = serde_json::from_str(json).map(without_nulls).unwrap_or_default();
    if let Some(event) = of::<HttpEvent>(&event).filter(|event| event.request_context.http.method.is_some()) {
        return (event.into(), Format::Http);
    }
    let event = of::<RestEvent>(&event);
    match event.filter(|event| event.http_method.is_some() && event.request_context.elb.is_none()) {
        Some(event) => (event.into(), Format::Rest),
        None => nothing(),
    }
}

fn of<T: DeserializeOwned>(event: &Value) -> Option<T> {
    T::deserialize(event).ok()
}

/// The value without members and items that are null, at any depth.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => {
            let kept = items.into_iter().filter(|item| !item.is_null());
            Value::Array(kept.map(without_nulls).collect())
        }
        other => other,
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
    raw_query_string: String,
    cookies: Vec<String>,
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
    method: Option<String>,
    source_ip: String,
}

impl From<HttpEvent> for Found {
    fn from(event: HttpEvent) -> Self {
        let context = event.request_context;
        Self {
            method: method(context.http.method.as_deref()),
            path: event.raw_path,
            query: event.raw_query_string,
            headers: joined(headers(&Lists::new(), &event.headers)),
            cookies: event.cookies,
            body: event.body,
            is_base64: event.is_base64_encoded,
            request_id: context.request_id,
            source_address: context.http.source_ip,
        }
    }
}

/// Payload format 1.0.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RestEvent {
    http_method: Option<String>,
    path: String,
    headers: BTreeMap<String, String>,
    multi_value_headers: Lists,
    query_string_parameters: BTreeMap<String, String>,
    multi_value_query_string_parameters: Lists,
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
        let parameters = parameters(event.multi_value_query_string_parameters, event.query_string_parameters);
        let context = event.request_context;
        Self {
            method: method(event.http_method.as_deref()),
            path: event.path,
            query: query(&parameters),
            headers: joined(headers(&event.multi_value_headers, &event.headers)),
            cookies: Vec::new(),
            body: event.body,
            is_base64: event.is_base64_encoded,
            request_id: context.request_id,
            source_address: context.identity.source_ip,
        }
    }
}

/// The method; an empty one is `GET`, as the types of `lambda_http` have it, and a malformed one becomes a method that no
/// endpoint has.
fn method(name: Option<&str>) -> Method {
    match name.unwrap_or_default() {
        "" => Method::GET,
        name => Method::from_bytes(name.as_bytes()).unwrap_or(Method::TRACE),
    }
}

/// All values of each header: of the lists, or of the plain map, which has the last value of each name. Some callers send
/// the map alone. Malformed headers are left out.
fn headers(lists: &Lists, last: &BTreeMap<String, String>) -> HeaderMap {
    let mut all = HeaderMap::new();
    for (name, values) in lists {
        for (name, value) in values.iter().filter_map(|value| header(name, value)) {
            all.append(name, value);
        }
    }
    let known: HashSet<HeaderName> = all.keys().cloned().collect();
    for (name, value) in last.iter().filter_map(|(name, value)| header(name, value)) {
        if !known.contains(&name) {
            all.append(name, value);
        }
    }
    all
}

/// A header; none for a malformed one.
fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
}

/// All values of each parameter, likewise.
fn parameters(mut lists: Lists, last: BTreeMap<String, String>) -> Lists {
    lists.retain(|_, values| !values.is_empty());
    for (name, value) in last {
        lists.entry(name).or_insert_with(|| vec![value]);
    }
    lists
}
