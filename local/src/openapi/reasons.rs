//! The reasons for which a request can be refused before the handler is called, read off the schemas of its parts by
//! the rules of `shared::validation`.

use super::schemas::Schemas;
use serde_json::{Map, Value};
use shared::failure::{Problem, problem as p};
use shared::http::{Declaration, Idempotency};
use shared::validation::{Place, push_segment};

/// One reason, and its possible place in a request.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub(super) problem: &'static Problem,
    pub(super) place: Place,
    pub(super) pointer: String,
}

/// The schemas of an endpoint's input.
pub(super) struct Input {
    pub(super) path: Value,
    pub(super) query: Value,
    pub(super) body: Option<Value>,
}

/// All reasons for which this endpoint can answer 400, those of a slice's own rules last.
pub(super) fn all(endpoint: &Declaration, input: &Input, schemas: &Schemas) -> Vec<Reason> {
    let mut found = Finder { schemas, found: Vec::new() };
    if let Some(body) = &input.body {
        found.add(&p::MALFORMED_JSON, Place::Body, "");
        found.add(&p::INVALID_ENCODING, Place::Body, "");
        if body.get("type").is_some_and(|kind| kind == "object") {
            found.object(body);
        }
    }
    found.fields(Place::Path, &input.path);
    found.fields(Place::Query, &input.query);
    if !endpoint.ignores_query {
        found.add(&p::UNKNOWN_PARAMETER, Place::Query, "/page");
    }
    if let Some((name, _)) = properties(&input.query).and_then(|all| all.iter().next()) {
        found.add(&p::REPEATED_PARAMETER, Place::Query, &pointer_to("", name));
    }
    found.headers(endpoint);
    for problem in endpoint.problems.iter().filter(|problem| problem.status == 400) {
        let pointer = problem.pointer.unwrap_or("");
        let is_of_query =
            properties(&input.query).is_some_and(|all| all.contains_key(pointer.trim_start_matches('/')));
        found.add(problem, if is_of_query { Place::Query } else { Place::Body }, pointer);
    }
    found.found
}

struct Finder<'s> {
    schemas: &'s Schemas,
    found: Vec<Reason>,
}

impl Finder<'_> {
    fn add(&mut self, problem: &'static Problem, place: Place, pointer: &str) {
        if !self.found.iter().any(|reason| reason.problem.code == problem.code) {
            self.found.push(Reason { problem, place, pointer: pointer.to_owned() });
        }
    }

    /// A body of named fields. A list is another program's message: unknown members in it are passed over, not refused.
    fn object(&mut self, body: &Value) {
        for problem in [&p::INVALID_NUMBER, &p::TOO_DEEP, &p::DUPLICATE_KEY, &p::INVALID_TYPE] {
            self.add(problem, Place::Body, "");
        }
        self.add(&p::UNKNOWN_FIELD, Place::Body, "/nickname");
        self.fields(Place::Body, body);
    }

    fn headers(&mut self, endpoint: &Declaration) {
        let key = match endpoint.policy.idempotency {
            Idempotency::Reads => Vec::new(),
            Idempotency::Accepted => vec![&p::IDEMPOTENCY_KEY_INVALID],
            Idempotency::Required => vec![&p::IDEMPOTENCY_KEY_REQUIRED, &p::IDEMPOTENCY_KEY_INVALID],
            Idempotency::Refused => vec![&p::IDEMPOTENCY_KEY_NOT_ACCEPTED],
        };
        for problem in key {
            self.add(problem, Place::Header, "/idempotency-key");
        }
        for header in endpoint.policy.headers.iter().filter(|header| header.is_required) {
            self.add(&p::REQUIRED, Place::Header, &header.pointer());
        }
        if endpoint.policy.if_match {
            self.add(&p::IF_MATCH_INVALID, Place::Header, "/if-match");
        }
    }

    fn fields(&mut self, place: Place, schema: &Value) {
        let required = schema.get("required").and_then(Value::as_array);
        // A path parameter is never missing: without it the path is another one.
        if let Some(name) = required.and_then(|all| all.first()).filter(|_| place != Place::Path) {
            self.add(&p::REQUIRED, place, &pointer_to("", name.as_str().unwrap_or_default()));
        }
        for (name, field) in properties(schema).into_iter().flatten() {
            self.field(place, &pointer_to("", name), field);
        }
    }

    /// The reasons that a field's type, format and limits give.
    fn field(&mut self, place: Place, pointer: &str, written: &Value) {
        let schema = self.schemas.resolve(written).clone();
        let is = |name: &str| schema.get("type").is_some_and(|kind| *kind == *name || has(kind, name));
        let format = schema.get("format").and_then(Value::as_str);
        let is_choice = ["oneOf", "enum"].iter().any(|keyword| schema.get(keyword).is_some());
        let rules = [
            (&p::INVALID_CHOICE, is_choice),
            (&p::INVALID_UUID, format == Some("uuid")),
            (&p::INVALID_DATE, format == Some("date")),
            (&p::INVALID_DATE_TIME, format == Some("date-time")),
            (&p::INVALID_EMAIL, format == Some("email")),
            (&p::INVALID_CURSOR, format == Some("cursor")),
            (&p::INVALID_CHARACTERS, is("string") && matches!(format, None | Some("email"))),
            (&p::TOO_SHORT, schema.get("minLength").is_some()),
            (&p::TOO_LONG, schema.get("maxLength").is_some()),
            (&p::OUT_OF_RANGE, is("integer")),
            (&p::INVALID_TYPE, is("integer") || is("boolean")),
        ];
        for (problem, _) in rules.into_iter().filter(|(_, applies)| *applies) {
            self.add(problem, place, pointer);
        }
        for (name, inner) in properties(&schema).into_iter().flatten() {
            self.field(place, &pointer_to(pointer, name), inner);
        }
        if let Some(item) = schema.get("items") {
            self.field(place, &pointer_to(pointer, "0"), item);
        }
        // The schema of a field that may be null is `anyOf` its own schema and null.
        for either in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
            self.field(place, pointer, either);
        }
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn has(kinds: &Value, name: &str) -> bool {
    kinds.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name))
}

fn pointer_to(parent: &str, name: &str) -> String {
    let mut pointer = parent.to_owned();
    push_segment(&mut pointer, name);
    pointer
}
