//! The parts that operations share, each once: schemas, examples, headers, parameters, common failures.

use super::headers;
use super::parameters;
use super::schemas::Schemas;
use crate::error::Error;
use serde_json::{Map, Value, json};
use shared::failure::problem::COMMON;
use std::collections::{BTreeMap, BTreeSet};

/// The parts met while the operations are described.
#[derive(Default)]
pub(super) struct Components {
    pub(super) schemas: Schemas,
    examples: Map<String, Value>,
}

/// A response with more codes than this is easier to read where it is used.
const CODES_IN_A_NAME: usize = 3;

impl Components {
    /// Keeps the first example of a code.
    pub(super) fn example(&mut self, code: &str, title: &str, value: impl FnOnce() -> Value) {
        if !self.examples.contains_key(code) {
            self.examples.insert(code.to_owned(), json!({ "summary": title, "value": value() }));
        }
    }

    /// The `components` of the document, with the failures of `paths` that several operations have alike.
    pub(super) fn finish(
        self,
        paths: &mut BTreeMap<&'static str, Map<String, Value>>,
    ) -> Result<Value, Error> {
        let mut responses = shared_failures(paths);
        responses.insert(
            "NotModified".to_owned(),
            json!({ "description": "It is still the version in `If-None-Match`.", "headers": just("ETag") }),
        );
        let common = COMMON.iter().map(|problem| problem.code);
        let codes: BTreeSet<&str> = self.examples.keys().map(String::as_str).chain(common).collect();
        Ok(json!({
            "securitySchemes": { "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "PASETO v4.public",
                "description": "The `accessToken` that signing in answers; it lives for ten minutes.",
            } },
            "parameters": parameters::shared(),
            "headers": headers::of_some(),
            "schemas": self.schemas.finish(&codes)?,
            "responses": responses,
            "examples": self.examples,
        }))
    }
}

/// Moves failures that occur twice out of the operations, and leaves references in their place.
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

/// Every failure with few codes, and its name, made of the codes.
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
