//! What the gateway sends and gets: payload format 2.0.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Only what is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) raw_path: String,
    pub(crate) raw_query_string: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) request_context: RequestContext,
    #[serde(default)]
    pub(crate) body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestContext {
    pub(crate) request_id: String,
    pub(crate) http: Http,
}

#[derive(Deserialize)]
pub(crate) struct Http {
    pub(crate) method: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Headers {
    content_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reply {
    pub(crate) status_code: u16,
    headers: Headers,
    body: String,
}

impl Reply {
    /// `data` is JSON text.
    pub(crate) fn data(status_code: u16, data: &str) -> Self {
        let body = format!(r#"{{"success":true,"data":{data},"meta":{{}},"error":null}}"#);
        Self::json(status_code, body)
    }

    pub(crate) fn problem(status_code: u16, code: &str) -> Self {
        Self::json(status_code, format!(r#"{{"success":false,"data":null,"error":{{"code":"{code}"}}}}"#))
    }

    pub(crate) fn json(status_code: u16, body: String) -> Self {
        Self { status_code, headers: Headers { content_type: "application/json" }, body }
    }
}
