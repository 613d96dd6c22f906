//! The contract agrees with itself: every example is what its schema says, and every operation says all it must.
//!
//! That the endpoints agree with the contract is held wherever a test asks them anything: see `CONTRACT`.

use crate::CONTRACT;
use serde_json::{Value, json};
use shared::http::{Access, Form, Idempotency};

/// Every object in the document, with the pointer that leads to it.
fn visit(node: &Value, pointer: &str, found: &mut impl FnMut(&str, &Value)) {
    found(pointer, node);
    match node {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                visit(member, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn resolved<'d>(document: &'d Value, node: &'d Value) -> &'d Value {
    let target = node["$ref"].as_str().map(|it| document.pointer(it.trim_start_matches('#')).unwrap());
    target.unwrap_or(node)
}

#[test]
fn every_reference_leads_somewhere() {
    let document = CONTRACT.document();
    let mut count = 0;
    visit(document, "", &mut |pointer, node| {
        if let Some(reference) = node["$ref"].as_str() {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{pointer}: {reference}");
            count += 1;
        }
    });
    assert!(count > 100);
}

#[test]
fn every_example_of_a_schema_is_valid_under_it() {
    let mut count = 0;
    for (name, schema) in CONTRACT.document()["components"]["schemas"].as_object().unwrap() {
        visit(schema, name, &mut |pointer, node| {
            for example in node["examples"].as_array().into_iter().flatten() {
                assert_eq!(CONTRACT.errors(node, example), Vec::<String>::new(), "{pointer}");
                count += 1;
            }
        });
    }
    assert!(count > 60);
}

#[test]
fn every_example_of_a_body_or_a_parameter_is_valid_under_its_schema() {
    let document = CONTRACT.document();
    let mut count = 0;
    visit(document, "", &mut |pointer, node| {
        // A response or a request, or a parameter: what has a schema of its own beside examples.
        let Some(schema) = node.get("schema") else { return };
        let named = node["examples"].as_object().into_iter().flat_map(|all| all.values());
        let named = named.map(|example| &resolved(document, example)["value"]);
        for example in node.get("example").into_iter().chain(named) {
            assert_eq!(CONTRACT.errors(schema, example), Vec::<String>::new(), "{pointer}");
            count += 1;
        }
    });
    assert!(count > 100);
}

#[test]
fn every_body_in_json_has_an_example() {
    for (path, item) in CONTRACT.document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let success = operation["responses"]
                .as_object()
                .unwrap()
                .iter()
                .find(|(status, _)| status.starts_with('2'));
            let (_, success) = success.unwrap();
            let bodies = [&operation["requestBody"]["content"], &success["content"]];
            let in_json = bodies.iter().filter_map(|content| content.get("application/json"));
            // The contract's example would be itself.
            for body in in_json.filter(|_| path != "/api/v1/openapi.json") {
                assert!(body.get("example").is_some(), "{method} {path}");
            }
        }
    }
}

/// What answers something else than what stands at its `Location`: a sign-up answers a session, with the clinic in it.
const ELSEWHERE: [&str; 1] = ["create-clinic"];

/// What has an address of its own has its id in the body, by the same name everywhere.
#[test]
fn every_resource_has_an_id() {
    let document = CONTRACT.document();
    let mut count = 0;
    for endpoint in grafono::modules().into_iter().flat_map(|module| module.endpoints) {
        let is_one = endpoint.route.template.ends_with("{id}") && endpoint.route.method != "DELETE";
        let is_list = endpoint.success.form == Form::Page;
        let is_located = endpoint.success.has_location && !ELSEWHERE.contains(&endpoint.name);
        if !(is_one || is_list || is_located) {
            continue;
        }
        let operation =
            &document["paths"][endpoint.route.template][endpoint.route.method.as_str().to_lowercase()];
        let success = &operation["responses"][endpoint.success.status.to_string()];
        let data = &success["content"]["application/json"]["schema"]["properties"]["data"];
        let thing = resolved(document, if is_list { &data["items"] } else { data });
        assert_eq!(thing["properties"]["id"]["format"], "uuid", "{}", endpoint.name);
        assert!(thing["required"].as_array().unwrap().contains(&json!("id")), "{}", endpoint.name);
        count += 1;
    }
    assert!(count > 8, "{count}");
}

#[test]
fn every_declaration_is_an_operation_that_says_what_it_asks() {
    let document = CONTRACT.document();
    let mut count = 0;
    for endpoint in grafono::modules().into_iter().flat_map(|module| module.endpoints) {
        if endpoint.route.is_catch_all() {
            continue;
        }
        let method = endpoint.route.method.as_str().to_lowercase();
        let operation = &document["paths"][endpoint.route.template][&method];
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let read: Vec<_> = parameters
            .map(|parameter| resolved(document, parameter))
            .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["required"] == true))
            .collect();
        let key = match endpoint.policy.idempotency {
            Idempotency::Required => Some(("Idempotency-Key", true)),
            Idempotency::Accepted => Some(("Idempotency-Key", false)),
            Idempotency::Reads | Idempotency::Refused => None,
        };
        let security = match endpoint.policy.access {
            Access::Public if endpoint.policy.knows_callers => json!([{}, { "bearer": [] }]),
            Access::Public => json!([]),
            _ => json!([{ "bearer": [] }]),
        };
        let in_path: Vec<_> = endpoint.route.template.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(operation["security"], security, "{}", endpoint.name);
        assert_eq!(operation["x-round-trips"], endpoint.policy.round_trips, "{}", endpoint.name);
        assert_eq!(
            read.iter().find(|(name, _)| *name == "Idempotency-Key").copied(),
            key,
            "{}",
            endpoint.name
        );
        assert_eq!(read.contains(&("If-Match", true)), endpoint.policy.if_match, "{}", endpoint.name);
        assert!(in_path.iter().all(|name| read.contains(&(name, true))), "{}", endpoint.name);
        count += 1;
    }
    let operations =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len());
    assert_eq!(operations.sum::<usize>(), count);
}
