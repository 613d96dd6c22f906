//! The contract of all endpoints as an `OpenAPI` 3.1 document, made from the declarations and from nothing else.
//!
//! `operation` describes one endpoint; parts that several operations need end in `components`. Tests hold every reply
//! of a running endpoint against the document, so that the document says what is, not what was meant.

mod components;
mod example;
mod failures;
mod headers;
mod operation;
mod parameters;
mod reasons;
mod schemas;
mod success;

use crate::error::Error;
use crate::modules;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shared::module::Module;
use std::collections::BTreeMap;

/// The document's parts, in the order in which people read them.
#[derive(Serialize)]
struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    tags: Value,
    paths: BTreeMap<&'static str, Map<String, Value>>,
    components: Value,
    #[serde(rename = "x-headers-on-every-response")]
    headers: Value,
}

const ABOUT: &str = "The backend of a therapy clinic.

Every success is `{\"success\": true, \"data\": …, \"meta\": {…}, \"error\": null}`. Every failure is a problem document \
(RFC 9457, `application/problem+json`) with the envelope's members beside it; its `type` is an address that explains \
it, `error.code` is what a program goes by, and `error.details` lists everything that is wrong with the request at once.

- **Signing in**: `POST /api/v1/auth/login` answers an access token for `Authorization: Bearer`.
- **Repeating**: a change that carries an `Idempotency-Key` is made once, however often it is sent within 24 hours.
- **Editing**: send the `ETag` you read as `If-Match`; whoever edits a stale version is told so.
- **Lists**: send `meta.nextCursor` as `cursor` until `meta.hasMore` is false.
- Fields and parameters that an operation does not know are refused, never ignored.
- `HEAD` is taken wherever `GET` is, `OPTIONS` everywhere. Another method gives 405 with `Allow`, an unknown address \
404, both as problem documents.
- The headers under `x-headers-on-every-response` come with every response and are not listed with each.";

/// Adds a member to an object.
fn put(object: &mut Value, name: &str, member: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), member);
    }
}

/// The document as it is committed and served.
pub fn text() -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(&document(&modules())?)? + "\n")
}

fn document(modules: &[Module]) -> Result<Document, Error> {
    let mut parts = components::Components::default();
    let mut paths: BTreeMap<&'static str, Map<String, Value>> = BTreeMap::new();
    for module in modules {
        for endpoint in module.endpoints.iter().filter(|endpoint| !endpoint.route.is_catch_all()) {
            let method = endpoint.route.method.as_str().to_ascii_lowercase();
            let operation = operation::describe(module, endpoint, modules, &mut parts);
            paths.entry(endpoint.route.template).or_default().insert(method, operation);
        }
    }
    Ok(Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Grafono", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": { "name": "MIT", "identifier": "MIT" },
        }),
        servers: json!([{ "url": "/", "description": "Where this document was read" }]),
        tags: modules
            .iter()
            .map(|module| {
                let shown = components::pascal(module.name);
                json!({ "name": module.name, "x-displayName": shown, "description": module.about })
            })
            .collect(),
        components: parts.finish(&mut paths)?,
        paths,
        headers: headers::of_every(),
    })
}
