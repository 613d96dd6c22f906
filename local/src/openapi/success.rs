//! An endpoint's successes, and the operations that they lead to.

use super::components::{Components, header};
use super::example;
use super::operation::operation_id;
use super::put;
use super::schemas::close;
use http::Method;
use serde_json::{Map, Value, json};
use shared::http::{Declaration, Form, PageMeta, Success};
use shared::module::Module;

/// The response to a success, and 304 where the caller can know the version already.
pub(super) fn responses(
    endpoint: &Declaration,
    modules: &[Module],
    parts: &mut Components,
) -> Vec<(u16, Value)> {
    let success = &endpoint.success;
    let mut response = json!({ "description": description(endpoint, parts) });
    if success.form != Form::Empty {
        put(&mut response, "content", content(endpoint, parts));
    }
    let headers = headers(endpoint);
    if !headers.is_empty() {
        put(&mut response, "headers", headers.into_iter().map(header).collect());
    }
    let links = links(endpoint, modules);
    if !links.is_empty() {
        put(&mut response, "links", Value::Object(links));
    }
    let mut responses = Vec::new();
    if success.may_be_pending {
        let mut pending = response.clone();
        put(&mut pending, "description", json!("The outcome is not known yet: ask at that address."));
        let location = header("Location");
        if let Some(headers) = pending.get_mut("headers").and_then(Value::as_object_mut) {
            headers.insert(location.0, location.1);
            headers.remove("ETag");
        } else {
            put(&mut pending, "headers", [location].into_iter().collect());
        }
        responses.push((202, pending));
    }
    responses.insert(0, (success.status, response));
    if success.may_be_elsewhere {
        let elsewhere =
            "It is too large for a reply: a file at that address, which is good for a few minutes.";
        let headers: Map<String, Value> = ["Location"].into_iter().map(header).collect();
        responses.push((303, json!({ "description": elsewhere, "headers": headers })));
    }
    if reads_versions(endpoint) {
        responses.push((304, json!({ "$ref": "#/components/responses/NotModified" })));
    }
    responses
}

/// The description of the data's type.
fn description(endpoint: &Declaration, parts: &mut Components) -> String {
    let data = parts.schemas.data(endpoint.data_schema).unwrap_or_else(|| json!({}));
    let item = data.get("items").unwrap_or(&data);
    let own = parts.schemas.resolve(item).get("description").and_then(Value::as_str);
    own.unwrap_or(endpoint.summary).to_owned()
}

/// Whether the endpoint reads `If-None-Match`.
pub(super) fn reads_versions(endpoint: &Declaration) -> bool {
    endpoint.success.has_etag && endpoint.route.method == Method::GET
}

fn headers(endpoint: &Declaration) -> Vec<&'static str> {
    let success = &endpoint.success;
    let all = [
        (success.has_location, "Location"),
        (success.has_etag, "ETag"),
        (success.form == Form::Page, "Link"),
        (endpoint.policy.idempotency.takes_keys(), "Idempotency-Replayed"),
    ];
    all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name).collect()
}

fn content(endpoint: &Declaration, parts: &mut Components) -> Value {
    let mut content = Map::new();
    for media in endpoint.policy.produces {
        let described = match *media {
            "application/json" => json(endpoint, parts),
            text if text.starts_with("text/") => json!({ "schema": { "type": "string" } }),
            _ => json!({ "schema": { "type": "string", "format": "binary" } }),
        };
        content.insert((*media).to_owned(), described);
    }
    Value::Object(content)
}

/// Schema and example of the body in JSON.
fn json(endpoint: &Declaration, parts: &mut Components) -> Value {
    let data = parts.schemas.data(endpoint.data_schema).unwrap_or_else(|| json!({}));
    let schema = enveloped(&endpoint.success, data, parts);
    match example::of(&schema, &parts.schemas) {
        // The contract's example would be itself.
        Some(example) if endpoint.name != "get-openapi" => {
            json!({ "schema": schema, "example": example })
        }
        _ => json!({ "schema": schema }),
    }
}

/// The envelope (B2) around the schema of the data.
fn enveloped(success: &Success, data: Value, parts: &mut Components) -> Value {
    let meta = match success.form {
        Form::Bare | Form::Empty => return data,
        Form::Enveloped => json!({ "type": "object", "properties": {} }),
        Form::Page => parts.schemas.reference::<PageMeta>(),
    };
    let mut envelope = json!({
        "type": "object",
        "required": ["success", "data", "meta", "error"],
        "properties": {
            "success": { "type": "boolean", "const": true }, "data": data, "meta": meta, "error": { "type": "null" },
        },
    });
    close(&mut envelope);
    envelope
}

/// A link to every operation at or below an address whose parameter is in the answer.
fn links(endpoint: &Declaration, modules: &[Module]) -> Map<String, Value> {
    let mut links = Map::new();
    for link_to in endpoint.success.links {
        let others = modules.iter().flat_map(|module| &module.endpoints);
        for other in others.filter(|other| other.name != endpoint.name) {
            let below = other.route.template.strip_prefix(link_to.template);
            if below.is_some_and(|rest| rest.is_empty() || (rest.starts_with('/') && !rest.contains('{'))) {
                links.insert(operation_id(other), link(endpoint, other, link_to.template, link_to.pointer));
            }
        }
    }
    links
}

fn link(endpoint: &Declaration, other: &Declaration, template: &str, pointer: &str) -> Value {
    let name =
        template.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(name, _)| name);
    let mut parameters = Map::from_iter([(name.to_owned(), json!(format!("$response.body#{pointer}")))]);
    if other.policy.if_match && endpoint.success.has_etag {
        parameters.insert("If-Match".to_owned(), json!("$response.header.ETag"));
    }
    json!({ "operationId": operation_id(other), "description": other.summary, "parameters": parameters })
}
