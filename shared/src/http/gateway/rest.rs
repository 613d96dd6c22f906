//! Payload format 1.0: REST APIs, and HTTP APIs that ask for it.

use super::{Event, HttpContext, RequestContext};
use form_urlencoded::Serializer;
use serde::Deserialize;
use std::collections::BTreeMap;

type Lists = BTreeMap<String, Vec<String>>;

/// Only what is read of it. The gateway writes null where there is nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RestEvent {
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    source_ip: String,
}

impl From<RestEvent> for Event {
    fn from(event: RestEvent) -> Self {
        let headers = all_values(event.multi_value_headers, event.headers);
        let query = all_values(event.multi_value_query_string_parameters, event.query_string_parameters);
        // Parameters come decoded: they are written again as a query, and read like any other.
        let mut written = Serializer::new(String::new());
        for (name, values) in &query {
            written.extend_pairs(values.iter().map(|value| (name, value)));
        }
        Self {
            version: "1.0".to_owned(),
            route_key: String::new(),
            raw_path: event.path.clone(),
            raw_query_string: written.finish(),
            cookies: Vec::new(),
            headers: headers
                .into_iter()
                .map(|(name, values)| (name.to_ascii_lowercase(), values.join(",")))
                .collect(),
            request_context: RequestContext {
                request_id: event.request_context.request_id,
                http: HttpContext {
                    method: event.http_method,
                    path: event.path,
                    source_ip: event.request_context.identity.source_ip,
                },
            },
            body: event.body,
            is_base64_encoded: event.is_base64_encoded,
        }
    }
}

/// The lists hold every value where the plain map holds the last one of each; some callers send the map alone.
fn all_values(lists: Option<Lists>, last: Option<BTreeMap<String, String>>) -> Lists {
    let mut all = lists.unwrap_or_default();
    for (name, value) in last.unwrap_or_default() {
        all.entry(name).or_insert_with(|| vec![value]);
    }
    all
}
