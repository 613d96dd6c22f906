//! Every failure of an endpoint: its own, its fields', and the common ones that its declaration implies.

use super::components::Components;
use super::example;
use super::put;
use super::reasons::{self, Input, Reason};
use serde_json::{Map, Value, json};
use shared::failure::problem::Document;
use shared::failure::{Fault, Problem, problem as p};
use shared::http::{Access, Declaration, RateClass};
use shared::limits::VIOLATED;
use shared::validation::Violation;
use std::collections::BTreeMap;

/// The responses by status. Each code has an example among the components, and each response names its codes.
pub(super) fn responses(
    endpoint: &Declaration,
    input: &Input,
    parts: &mut Components,
) -> BTreeMap<u16, Value> {
    let mut by_status: BTreeMap<u16, BTreeMap<&str, Fault>> = BTreeMap::new();
    for fault in refusals(endpoint, input, parts).into_iter().chain(faults(endpoint)) {
        let (status, code) = (fault.problem.status, code(&fault));
        by_status.entry(status).or_default().entry(code).or_insert(fault);
    }
    let mut extensions = parts.schemas.extensions(endpoint.extension_schemas);
    extensions.push((p::RATE_LIMITED.code, violated_policies()));
    let mut responses = BTreeMap::new();
    for (status, mut faults) in by_status {
        for (code, extension) in &extensions {
            if let Some(fault) = faults.get_mut(code) {
                fault.extension = example::members(extension, &parts.schemas);
            }
        }
        responses.insert(status, response(endpoint, status, &faults, &extensions, parts));
    }
    responses
}

fn response(
    endpoint: &Declaration,
    status: u16,
    faults: &BTreeMap<&str, Fault>,
    extensions: &[(&'static str, Value)],
    parts: &mut Components,
) -> Value {
    let mut examples = Map::new();
    for (code, fault) in faults {
        parts.example(code, fault.problem.title, || document(endpoint, fault));
        examples.insert((*code).to_owned(), json!({ "$ref": format!("#/components/examples/{code}") }));
    }
    let mut schemas: Vec<Value> = extensions
        .iter()
        .filter(|(code, _)| faults.contains_key(code))
        .map(|(code, extension)| parts.schemas.extended_problem(code, extension))
        .collect();
    if schemas.len() < faults.len() {
        schemas.push(parts.schemas.reference::<Document<'_>>());
    }
    let schema = match schemas.as_slice() {
        [only] => only.clone(),
        several => json!({ "anyOf": several }),
    };
    let codes: Vec<_> = faults.keys().map(|code| format!("`{code}`")).collect();
    let mut response = json!({
        "description": codes.join(", "),
        "content": { "application/problem+json": { "schema": schema, "examples": examples } },
    });
    let headers = headers(endpoint, status, faults);
    if !headers.is_empty() {
        put(&mut response, "headers", headers.into_iter().map(super::components::header).collect());
    }
    response
}

/// The member of a refusal by limits.
fn violated_policies() -> Value {
    let names = json!({
        "type": "array", "items": { "type": "string" }, "minItems": 1, "examples": [["user"]],
        "description": "The names of the limits that refuse, as `RateLimit-Policy` has them.",
    });
    json!({ "type": "object", "properties": { VIOLATED: names }, "required": [VIOLATED] })
}

/// The headers that a failure adds. Where the outcome may be known later only, a refusal may be one that stands under its key.
fn headers(endpoint: &Declaration, status: u16, faults: &BTreeMap<&str, Fault>) -> Vec<&'static str> {
    let mut headers = of_status(status, faults);
    let may_be_kept = endpoint.success.may_be_pending && endpoint.policy.idempotency.takes_keys();
    if may_be_kept && [402, 409, 422, 503].contains(&status) {
        headers.push("Idempotency-Replayed");
    }
    headers
}

fn of_status(status: u16, faults: &BTreeMap<&str, Fault>) -> Vec<&'static str> {
    match status {
        401 => vec!["WWW-Authenticate"],
        415 => vec!["Accept-Patch"],
        429 | 503 | 504 => vec!["Retry-After"],
        _ if faults.contains_key(p::IDEMPOTENCY_KEY_IN_FLIGHT.code) => vec!["Retry-After"],
        _ => Vec::new(),
    }
}

/// The refusals of a request: each reason alone, and two at once.
fn refusals(endpoint: &Declaration, input: &Input, parts: &Components) -> Vec<Fault> {
    let reasons = reasons::all(endpoint, input, &parts.schemas);
    let violation = |reason: &Reason| {
        Violation::new(reason.place, reason.pointer.as_str(), reason.problem.code, reason.problem.detail)
    };
    let mut several: Vec<_> = reasons.iter().rev().filter(|reason| !reason.pointer.is_empty()).collect();
    several.truncate(2);
    let mut two: Vec<_> = several.into_iter().map(violation).collect();
    two.sort();
    if let [only] = two.as_slice() {
        two.push(Violation { pointer: "/size".to_owned(), ..only.clone() });
    }
    reasons.iter().map(|reason| vec![violation(reason)]).chain([two]).map(Fault::invalid).collect()
}

/// The code of a fault: that of its only violation, or its own.
fn code(fault: &Fault) -> &'static str {
    match fault.violations.as_slice() {
        [only] => only.code,
        _ => fault.problem.code,
    }
}

/// The faults beside refusals of the request.
fn faults(endpoint: &Declaration) -> Vec<Fault> {
    let policy = &endpoint.policy;
    let has_body = (endpoint.body_schema)(&mut schemars::SchemaGenerator::default()).is_some();
    let has_path = endpoint.route.template.contains('{');
    // A health check probes the database, and its own failure says how that ended.
    let uses_database = policy.round_trips > 0 && policy.rate != RateClass::Unlimited;
    let asks_the_session = policy.access != Access::Public && uses_database;
    let is_strict = matches!(policy.rate, RateClass::Strict(..));
    let rules: [(bool, &[&'static Problem]); 16] = [
        (policy.rate != RateClass::Unlimited, &[&p::RATE_LIMITED]),
        (is_strict, &[&p::LIMITS_UNAVAILABLE]),
        (policy.access != Access::Public, &[&p::TOKEN_REQUIRED, &p::TOKEN_INVALID, &p::TOKEN_EXPIRED]),
        (asks_the_session, &[&p::SESSION_ENDED]),
        (asks_the_session && !policy.answers_by_now, &[&p::ACCESS_CHANGED]),
        (matches!(policy.access, Access::Requires(_)), &[&p::PERMISSION_DENIED]),
        (policy.verified, &[&p::EMAIL_NOT_VERIFIED]),
        (has_path, &[&p::ROUTE_NOT_FOUND]),
        (true, &[&p::NOT_ACCEPTABLE, &p::BODY_TOO_LARGE, &p::INTERNAL_ERROR]),
        (has_body, &[&p::UNSUPPORTED_MEDIA_TYPE]),
        (policy.idempotency.takes_keys(), &[&p::IDEMPOTENCY_KEY_IN_FLIGHT, &p::IDEMPOTENCY_KEY_REUSED]),
        (policy.if_match, &[&p::VERSION_STALE, &p::IF_MATCH_REQUIRED]),
        (policy.issues_tokens, &[&p::OVERLOADED]),
        (uses_database, &[&p::DATABASE_UNAVAILABLE, &p::DATABASE_BUSY]),
        (uses_database || !policy.writes(), &[&p::DEADLINE_EXCEEDED]),
        (policy.writes(), &[&p::OUTCOME_UNKNOWN]),
    ];
    let common = rules.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, problems)| problems);
    let own = endpoint.problems.iter().filter(|problem| problem.status != 400);
    common.chain(own).map(|problem| Fault::from(*problem)).collect()
}

/// The problem document as the endpoint would answer it.
fn document(endpoint: &Declaration, fault: &Fault) -> Value {
    let path = endpoint
        .route
        .template
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{code}", "invalid-phone");
    json!(Document::of(fault, &endpoint.problems, &path, "01a1fc88-bd77-7cd6-a572-93dc3d1d01d2"))
}
