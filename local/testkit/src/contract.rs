//! Holds replies against an `OpenAPI` document: a reply that is not in the document fails the test.

use crate::TestResponse;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use shared::http::route::parameters;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An `OpenAPI` 3.1 document, ready to be held against replies.
///
/// Headers that come with every response stand under `x-headers-on-every-response`, not with each.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    /// Compiled validators, by the schema's text.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// Headers that a response may have without being listed: the document has them in other places.
const IMPLIED: [&str; 3] = ["content-type", "content-encoding", "content-length"];

impl Contract {
    /// The document of that text.
    pub fn of(text: &str) -> Self {
        Self { document: serde_json::from_str(text).unwrap(), validators: Mutex::default() }
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The errors of `instance` by `schema`, whose references lead into the document.
    pub fn errors(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut all = self.validators.lock().unwrap();
        let made = all.entry(schema.to_string()).or_insert_with(|| {
            let components = json!({ "schemas": self.document["components"]["schemas"] });
            let whole = json!({ "allOf": [schema], "components": components });
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap())
        });
        Arc::clone(made)
    }

    /// Fails unless the document has this reply for this request.
    ///
    /// # Panics
    ///
    /// With the parts of the reply that the document does not have.
    #[track_caller]
    pub fn hold(&self, method: &str, path: &str, answer: &TestResponse) {
        let faults = self.faults(method, path, answer);
        assert!(
            faults.is_empty(),
            "{method} {path} answered {}, and the contract does not say so: {faults:?}\n\
             (after a change of a declaration: `cargo run -- generate`)\n{}",
            answer.status,
            answer.text
        );
    }

    fn faults(&self, method: &str, path: &str, answer: &TestResponse) -> Vec<String> {
        let Some(operation) = self.operation(method, path) else {
            return self.of_no_operation(answer, method == "HEAD");
        };
        let Some(response) = operation["responses"].get(answer.status.to_string()) else {
            return vec![format!("the status {} is not documented", answer.status)];
        };
        let response = self.resolved(response);
        let mut faults = self.body(response, answer, method == "HEAD");
        faults.extend(self.headers(response, answer));
        faults
    }

    /// The errors of a reply to a request without operation: refusals are answered, `OPTIONS`, and redirects to an
    /// operation.
    fn of_no_operation(&self, answer: &TestResponse, is_head: bool) -> Vec<String> {
        if answer.status < 400 {
            let is_options = answer.status == 204 && answer.header("allow").is_some();
            let target = answer.header("location").and_then(|path| self.operation("GET", path));
            let is_redirect = answer.status == 302 && target.is_some();
            return if is_options || is_redirect {
                Vec::new()
            } else {
                vec!["there is no such operation".to_owned()]
            };
        }
        if is_head {
            return Vec::new();
        }
        let schema = if answer.status == 429 { "RateLimitedProblem" } else { "Problem" };
        self.errors(&json!({ "$ref": format!("#/components/schemas/{schema}") }), &answer.json)
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let method = if method == "HEAD" { "GET" } else { method };
        // Methods are case-sensitive: `get` is none.
        if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let paths = self.document["paths"].as_object()?;
        let (_, item) = paths.iter().find(|(template, _)| parameters(template, path).is_some())?;
        item.get(method.to_ascii_lowercase())
    }

    fn resolved<'d>(&'d self, node: &'d Value) -> &'d Value {
        let reference = node.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
        reference.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(node)
    }

    fn body(&self, response: &Value, answer: &TestResponse, is_head: bool) -> Vec<String> {
        let content = response.get("content").and_then(Value::as_object);
        let Some(content) = content.filter(|_| !is_head) else {
            let is_empty = answer.text.is_empty();
            return if is_empty { Vec::new() } else { vec!["no body is documented".to_owned()] };
        };
        let media = answer.header("content-type").and_then(|it| it.split(';').next()).unwrap_or("");
        let Some(described) = content.get(media) else {
            return vec![format!("the content type {media} is not documented")];
        };
        if !media.ends_with("json") {
            return Vec::new();
        }
        let mut faults = self.errors(&described["schema"], &answer.json);
        let code = answer.json["error"]["code"].as_str();
        if let (Some(code), Some(codes)) = (code, described.get("examples")) {
            faults.extend(codes.get(code).is_none().then(|| format!("the code {code} is not documented")));
        }
        faults
    }

    fn headers(&self, response: &Value, answer: &TestResponse) -> Vec<String> {
        let everywhere = self.document["x-headers-on-every-response"].as_object();
        let own = response.get("headers").and_then(Value::as_object);
        let documented: Map<String, Value> = [everywhere, own]
            .into_iter()
            .flatten()
            .flatten()
            .map(|(name, header)| (name.to_ascii_lowercase(), self.resolved(header).clone()))
            .collect();
        let missing = documented
            .iter()
            .filter(|(name, header)| header["required"] == true && answer.header(name).is_none());
        let mut faults: Vec<String> =
            missing.map(|(name, _)| format!("the header {name} is missing")).collect();
        for (name, value) in answer.headers().filter(|(name, _)| !IMPLIED.contains(name)) {
            match documented.get(name) {
                None => faults.push(format!("the header {name} is not documented")),
                Some(header) => faults.extend(self.errors(&header["schema"], &json!(value))),
            }
        }
        // Another host is a file store.
        let leads_nowhere = |path: &&str| path.starts_with('/') && self.operation("GET", path).is_none();
        faults
            .extend(answer.header("location").filter(leads_nowhere).map(|it| format!("nothing is at {it}")));
        faults
    }
}
