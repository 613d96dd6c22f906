//! Events by the types of `lambda_http`. Its conversion into an `http::Request` is not used: it panics on a path that
//! no URI can have, and resolves `/../`.

use super::{Format, Found, Lists, joined, query};
use http::{HeaderMap, HeaderName};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use std::collections::HashSet;

/// Reads an event of either format, if its type takes it.
pub(super) fn read(json: &str) -> Option<(Found, Format)> {
    if let Ok(event) = serde_json::from_str::<ApiGatewayV2httpRequest>(json) {
        return Some((http(event), Format::Http));
    }
    let event = serde_json::from_str::<ApiGatewayProxyRequest>(json).ok()?;
    Some((rest(event), Format::Rest))
}

fn http(event: ApiGatewayV2httpRequest) -> Found {
    let context = event.request_context;
    Found {
        method: context.http.method,
        path: event.raw_path.unwrap_or_default(),
        query: event.raw_query_string.unwrap_or_default(),
        headers: joined(event.headers),
        cookies: event.cookies.unwrap_or_default(),
        body: event.body,
        is_base64: event.is_base64_encoded,
        request_id: context.request_id.unwrap_or_default(),
        source_address: context.http.source_ip.unwrap_or_default(),
    }
}

fn rest(event: ApiGatewayProxyRequest) -> Found {
    let context = event.request_context;
    Found {
        method: event.http_method,
        path: event.path.unwrap_or_default(),
        query: query(&parameters(&event.multi_value_query_string_parameters, &event.query_string_parameters)),
        headers: headers(event.multi_value_headers, event.headers),
        cookies: Vec::new(),
        body: event.body,
        is_base64: event.is_base64_encoded,
        request_id: context.request_id.unwrap_or_default(),
        source_address: context.identity.source_ip.unwrap_or_default(),
    }
}

/// All values of each header: of the lists, or of the plain map, which has the last value of each. Some callers send
/// the map alone.
fn headers(mut lists: HeaderMap, last: HeaderMap) -> HeaderMap {
    let known: HashSet<HeaderName> = lists.keys().cloned().collect();
    let mut name = None;
    // A map gives the name of a header with its first value alone.
    for (next, value) in last {
        name = next.or(name);
        if let Some(name) = name.as_ref().filter(|name| !known.contains(*name)) {
            lists.append(name.clone(), value);
        }
    }
    joined(lists)
}

/// All values of each parameter, likewise, in the order of their names.
fn parameters(lists: &QueryMap, last: &QueryMap) -> Lists {
    let mut all = values(lists);
    all.retain(|_, values| !values.is_empty());
    for (name, values) in values(last) {
        all.entry(name).or_insert(values);
    }
    all
}

/// All values of each name, by way of the map's serialised form: the map's iterator panics at a name without a value.
fn values(map: &QueryMap) -> Lists {
    if map.is_empty() {
        return Lists::new();
    }
    serde_json::to_value(map).and_then(serde_json::from_value).unwrap_or_default()
}
