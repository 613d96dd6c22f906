//! One endpoint as an operation.

use super::components::Components;
use super::put;
use super::reasons::Input;
use super::{example, failures, parameters, success};
use http::Method;
use serde_json::{Map, Value, json};
use shared::http::{Access, Declaration, RateClass};
use shared::limits::{Of, Rule};
use shared::module::Module;

/// The endpoint's operation; parts that it shares with others go to `parts`.
pub(super) fn describe(
    module: &Module,
    endpoint: &Declaration,
    modules: &[Module],
    parts: &mut Components,
) -> Value {
    let body = parts.schemas.body(endpoint.body_schema);
    let input = Input {
        path: parts.schemas.parameters(endpoint.path_schema),
        query: parts.schemas.parameters(endpoint.query_schema),
        body: body.as_ref().map(|(schema, _)| schema.clone()),
    };
    let mut responses: Map<String, Value> = Map::new();
    for (status, response) in success::responses(endpoint, modules, parts) {
        responses.insert(status.to_string(), response);
    }
    for (status, response) in failures::responses(endpoint, &input, parts) {
        responses.insert(status.to_string(), response);
    }
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "tags": [module.name],
        "summary": endpoint.summary,
        "description": description(endpoint),
        "parameters": parameters::all(endpoint, &input),
        "responses": responses,
        "security": security(endpoint),
        "x-rate-class": endpoint.policy.rate.name(),
        "x-round-trips": endpoint.policy.round_trips,
    });
    if let RateClass::Strict(rules, _) = endpoint.policy.rate {
        put(&mut operation, "x-rate-limits", rules.iter().map(limit).collect());
    }
    if let Access::Requires(permission) = endpoint.policy.access {
        put(&mut operation, "x-permission", json!({ "name": permission.name, "roles": permission.roles }));
    }
    if let Some((schema, reference)) = body {
        put(&mut operation, "requestBody", request_body(endpoint, &schema, &reference, parts));
    }
    operation
}

/// `create-patient` as `createPatient`.
pub(super) fn operation_id(endpoint: &Declaration) -> String {
    let pascal = super::components::pascal(endpoint.name);
    let mut characters = pascal.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

fn description(endpoint: &Declaration) -> String {
    let caller = match endpoint.policy.access {
        Access::Public => "Anybody may call it.".to_owned(),
        Access::SignedIn => "Whoever is signed in may call it.".to_owned(),
        Access::Requires(permission) => {
            let roles: Vec<_> = permission.roles.iter().map(|role| role.name()).collect();
            format!(
                "It takes the permission `{}`, which these roles hold: {}.",
                permission.name,
                roles.join(", ")
            )
        }
    };
    if endpoint.description.is_empty() { caller } else { format!("{}\n\n{caller}", endpoint.description) }
}

fn security(endpoint: &Declaration) -> Value {
    match endpoint.policy.access {
        Access::Public if endpoint.policy.knows_callers => json!([{}, { "bearer": [] }]),
        Access::Public => json!([]),
        _ => json!([{ "bearer": [] }]),
    }
}

/// A strict rule: so many requests at once, and as many again in so many seconds.
fn limit(rule: &Rule) -> Value {
    let of = match rule.of {
        Of::Address => "address",
        Of::Member => "member",
        Of::Named => "account",
    };
    json!({ "name": rule.name, "requests": rule.count, "seconds": rule.window, "of": of })
}

fn request_body(endpoint: &Declaration, schema: &Value, reference: &Value, parts: &Components) -> Value {
    let mut described = json!({ "schema": reference });
    if let Some(example) = example::of(schema, &parts.schemas) {
        put(&mut described, "example", example);
    }
    let mut content = Map::from_iter([("application/json".to_owned(), described.clone())]);
    if endpoint.route.method == Method::PATCH {
        content.insert("application/merge-patch+json".to_owned(), described);
    }
    json!({ "required": !endpoint.body_may_be_empty, "content": content })
}
