//! The parameters of an operation: path, query and headers.

use super::put;
use super::reasons::Input;
use super::schemas::without_null;
use super::success::reads_versions;
use serde_json::{Value, json};
use shared::http::{Declaration, Idempotency};

/// Parameters in the path and the query, and references to the headers that are read.
pub(super) fn all(endpoint: &Declaration, input: &Input) -> Vec<Value> {
    let mut all = of("path", &input.path);
    if let Some(thing) = named_by_id(endpoint.route.template) {
        for parameter in all.iter_mut().filter(|parameter| parameter["name"] == "id") {
            put(parameter, "description", json!(format!("The id of the {thing}.")));
        }
    }
    all.extend(of("query", &input.query));
    let policy = &endpoint.policy;
    let headers = [
        (policy.if_match, "IfMatch"),
        (reads_versions(endpoint), "IfNoneMatch"),
        (policy.idempotency == Idempotency::Required, "IdempotencyKey"),
        (policy.idempotency == Idempotency::Accepted, "OptionalIdempotencyKey"),
    ];
    let read = headers.into_iter().filter(|(is_read, _)| *is_read);
    all.extend(read.map(|(_, name)| json!({ "$ref": format!("#/components/parameters/{name}") })));
    all.extend(policy.headers.iter().map(|header| {
        json!({
            "name": header.name, "in": "header", "required": header.is_required, "description": header.description,
            "schema": { "type": "string" }, "example": header.example,
        })
    }));
    all
}

/// What `{id}` in a path names, by the word before it: `webhook endpoint` in `/api/v1/webhook-endpoints/{id}`.
fn named_by_id(template: &str) -> Option<String> {
    let (before, _) = template.split_once("/{id}")?;
    let (_, words) = before.rsplit_once('/')?;
    Some(words.strip_suffix('s').unwrap_or(words).replace('-', " "))
}

fn of(place: &str, schema: &Value) -> Vec<Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    let parameter = |(name, property): (&String, &Value)| {
        let is_required = required.is_some_and(|all| all.iter().any(|it| it == name));
        let mut schema = property.clone();
        without_null(&mut schema);
        let mut parameter = json!({ "name": name, "in": place, "required": is_required });
        if let Value::Object(members) = &mut schema {
            if let Some(description) = members.remove("description") {
                put(&mut parameter, "description", description);
            }
            if let Some(Value::Array(examples)) = members.remove("examples")
                && let Some(example) = examples.first()
            {
                put(&mut parameter, "example", example.clone());
            }
        }
        put(&mut parameter, "schema", schema);
        parameter
    };
    properties.into_iter().flatten().map(parameter).collect()
}

/// The pattern of `*` and of lists of entity tags (RFC 9110 §8.8.3 and §5.6.1.2).
fn entity_tags() -> String {
    let tag = r#"(W/)?"[ !#-~\u0080-\u00ff]*""#;
    format!(r"^[ \t]*(\*|([ \t]*,)*[ \t]*{tag}([ \t]*,([ \t]*{tag})?)*)[ \t]*$")
}

/// The headers that several operations read.
pub(super) fn shared() -> Value {
    let key = |is_required: bool, description: &str| {
        json!({
            "name": "Idempotency-Key", "in": "header", "required": is_required, "description": description,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" },
            "example": "9f1c2d34-5b6a-4e7f-8091-a2b3c4d5e6f7",
        })
    };
    json!({
        "IdempotencyKey": key(true, "New for each intended change, the same for each repetition of it."),
        "OptionalIdempotencyKey": key(
            false,
            "New for each intended change, the same for each repetition of it: then it is made once.",
        ),
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": true,
            "description": "The `ETag` of the version that was edited, with its quotes; or a list of \
                those that may be edited, or `*` for whichever is there. A weak tag matches none.",
            "schema": { "type": "string", "pattern": entity_tags() }, "example": "\"1\"",
        },
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of the version that is known already: 304 while it is still the one.",
            "schema": { "type": "string" }, "example": "\"1\"",
        },
    })
}
