//! What operations share, each once: schemas, examples, headers, parameters, and the failures that several have alike.

use super::parameters;
use super::put;
use super::schemas::Schemas;
use crate::error::Error;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Everything met while the operations are described.
#[derive(Default)]
pub(super) struct Components {
    pub(super) schemas: Schemas,
    examples: Map<String, Value>,
}

/// A response with more codes than this is easier to read where it is used.
const CODES_IN_A_NAME: usize = 3;

impl Components {
    /// Keeps the example of a code, the first one that comes.
    pub(super) fn example(&mut self, code: &str, title: &str, value: impl FnOnce() -> Value) {
        if !self.examples.contains_key(code) {
            self.examples.insert(code.to_owned(), json!({ "summary": title, "value": value() }));
        }
    }

    /// The `components` of the document. Failures that several operations have alike are moved there from `paths`.
    pub(super) fn finish(
        self,
        paths: &mut BTreeMap<&'static str, Map<String, Value>>,
    ) -> Result<Value, Error> {
        let mut responses = shared_failures(paths);
        responses.insert(
            "NotModified".to_owned(),
            json!({ "description": "It is still the version in `If-None-Match`.", "headers": just("ETag") }),
        );
        let codes: Vec<&str> = self.examples.keys().map(String::as_str).collect();
        Ok(json!({
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "PASETO v4.public",
                "description": "The `accessToken` that signing in answers; it lives for ten minutes.",
            } },
            "parameters": parameters::shared(),
            "headers": headers(),
            "schemas": self.schemas.finish(&codes)?,
            "responses": responses,
            "examples": self.examples,
        }))
    }
}

/// Moves the failures that are met twice out of the operations, and leaves references to them.
fn shared_failures(paths: &mut BTreeMap<&'static str, Map<String, Value>>) -> Map<String, Value> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    each_failure(paths, |name, _| *met.entry(name.to_owned()).or_default() += 1);
    let mut shared = Map::new();
    each_failure(paths, |name, response| {
        if met.get(name).is_some_and(|count| *count > 1) {
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            shared.insert(name.to_owned(), std::mem::replace(response, reference));
        }
    });
    shared
}

/// Every failure with few codes, and the name that these make.
fn each_failure(
    paths: &mut BTreeMap<&'static str, Map<String, Value>>,
    mut visit: impl FnMut(&str, &mut Value),
) {
    let operations = paths.values_mut().flat_map(|item| item.values_mut());
    for response in
        operations.filter_map(|it| it.get_mut("responses")?.as_object_mut()).flat_map(Map::values_mut)
    {
        let codes =
            response.pointer("/content/application~1problem+json/examples").and_then(Value::as_object);
        let names: Vec<String> = codes.into_iter().flatten().map(|(code, _)| pascal(code)).collect();
        if (1..=CODES_IN_A_NAME).contains(&names.len()) {
            visit(&names.join("Or"), response);
        }
    }
}

/// `DUPLICATE_PATIENT` or `duplicate-patient` as `DuplicatePatient`.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(['_', '-']).map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
    });
    words.collect()
}

/// A header's name and a reference to its description.
pub(super) fn header(name: &str) -> (String, Value) {
    (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
}

fn just(name: &str) -> Value {
    [header(name)].into_iter().collect()
}

/// The headers that some responses have, and those that come with every one.
fn headers() -> Value {
    let of_some = [
        ("ETag", true, "The version, strong, as `If-Match` and `If-None-Match` take it."),
        ("Location", true, "Where the thing made can be fetched."),
        ("Link", false, "The address of the next page, with `rel=\"next\"` (RFC 8288)."),
        (
            "Idempotency-Replayed",
            false,
            "`true` when this is the stored reply to an earlier request with this key.",
        ),
        ("Retry-After", false, "The seconds after which to repeat."),
        ("WWW-Authenticate", true, "`Bearer`."),
    ];
    let of_every = [
        ("X-Request-Id", true, "What the log has this request under."),
        ("Traceparent", true, "The trace that this request belongs to (W3C)."),
        ("Cache-Control", true, "`no-store` wherever personal data may be."),
        ("Content-Security-Policy", true, "Nothing may be loaded, nobody may frame it."),
        ("Referrer-Policy", true, "`no-referrer`."),
        ("Strict-Transport-Security", true, "HTTPS for two years."),
        ("X-Content-Type-Options", true, "`nosniff`."),
        ("X-Frame-Options", true, "`DENY`."),
        ("Vary", false, "What the response depends on beside the address."),
        ("Access-Control-Allow-Origin", false, "The caller's origin, when it is on the allow-list."),
        ("Access-Control-Allow-Credentials", false, "`true`, when the origin is on the allow-list."),
        ("Access-Control-Expose-Headers", false, "What a script of an allowed origin may read."),
    ];
    let mut headers = Map::new();
    for (name, is_required, description) in of_some {
        headers.insert(name.to_owned(), described(is_required, description));
    }
    for (name, is_required, description) in of_every {
        let mut header = described(is_required, description);
        put(&mut header, "x-on-every-response", json!(true));
        headers.insert(name.to_owned(), header);
    }
    Value::Object(headers)
}

fn described(is_required: bool, description: &str) -> Value {
    json!({ "description": description, "required": is_required, "schema": { "type": "string" } })
}
