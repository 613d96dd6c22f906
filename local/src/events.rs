//! `events/`: a sample event for each function, as the gateway, a queue or the clock sends it, made from the
//! declarations and the examples of the contract.

use crate::error::Error;
use crate::modules;
use crate::openapi;
use serde_json::{Map, Value, json};
use shared::background::{ConsumerDeclaration, WorkerDeclaration};
use shared::http::{Access, Declaration};

/// The stand-in for the caller's token.
const TOKEN: &str = "ACCESS_TOKEN";

/// The id that the examples of the contract name things by.
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Functions with a sample of each kind of event: as a REST API and as a function URL send it, too.
const OF_EACH_KIND: [&str; 3] = ["create-patient", "get-patient", "login"];

/// Each sample: its path within the repository and its content.
pub fn all() -> Result<Vec<(String, String)>, Error> {
    let contract: Value = serde_json::from_str(&openapi::text()?)?;
    let mut files = Vec::new();
    for endpoint in modules().into_iter().flat_map(|module| module.endpoints) {
        let sample = Sample::of(&endpoint, &contract);
        files.push((format!("events/{}.json", endpoint.name), text(&sample.http_api())?));
        if OF_EACH_KIND.contains(&endpoint.name) {
            files.push((format!("events/rest/{}.json", endpoint.name), text(&sample.rest())?));
            files
                .push((format!("events/function-url/{}.json", endpoint.name), text(&sample.function_url())?));
        }
    }
    for consumer in modules().into_iter().flat_map(|module| module.consumers) {
        files.push((format!("events/{}.json", consumer.name), text(&queued(&consumer))?));
    }
    for worker in modules().into_iter().flat_map(|module| module.workers) {
        files.push((format!("events/{}.json", worker.name), text(&scheduled(&worker))?));
    }
    Ok(files)
}

fn text(event: &Value) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(event)? + "\n")
}

/// A request, independent of the form of its event.
struct Sample {
    method: String,
    template: &'static str,
    path: String,
    headers: Map<String, Value>,
    body: Option<String>,
}

impl Sample {
    fn of(endpoint: &Declaration, contract: &Value) -> Self {
        let method = endpoint.route.method.as_str().to_owned();
        let template = endpoint.route.template;
        let operations = contract.get("paths").and_then(|paths| paths.get(template));
        let operation = operations.and_then(|operations| operations.get(method.to_ascii_lowercase()));
        let example = operation.and_then(|it| it.pointer("/requestBody/content/application~1json/example"));
        let body = example.map(Value::to_string);
        Self {
            path: path(endpoint, operation),
            headers: headers(endpoint, body.is_some()),
            method,
            template,
            body,
        }
    }

    /// Payload format 2.0, as an HTTP API sends it.
    fn http_api(&self) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{} {}", self.method, self.template),
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": self.headers,
            "requestContext": {
                "accountId": "000000000000", "apiId": "sample", "domainName": "api.example.com", "stage": "$default",
                "requestId": "sample-request", "routeKey": format!("{} {}", self.method, self.template),
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "sample",
                },
            },
            "isBase64Encoded": false,
        });
        if let (Some(members), Some(body)) = (event.as_object_mut(), &self.body) {
            members.insert("body".to_owned(), json!(body));
        }
        event
    }

    /// The same request as a function URL sends it: without routes.
    fn function_url(&self) -> Value {
        let mut event = self.http_api();
        let changes = [
            ("/routeKey", "$default"),
            ("/requestContext/routeKey", "$default"),
            ("/requestContext/domainName", "sample.lambda-url.us-east-1.on.aws"),
        ];
        for (pointer, value) in changes {
            if let Some(member) = event.pointer_mut(pointer) {
                *member = json!(value);
            }
        }
        event
    }

    /// Payload format 1.0, as a REST API sends it.
    fn rest(&self) -> Value {
        let lists: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        json!({
            "version": "1.0",
            "resource": self.template,
            "path": self.path,
            "httpMethod": self.method,
            "headers": self.headers,
            "multiValueHeaders": lists,
            "queryStringParameters": null,
            "multiValueQueryStringParameters": null,
            "pathParameters": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "sample", "stage": "$default", "path": self.path,
                "httpMethod": self.method, "requestId": "sample-request",
                "identity": { "sourceIp": "192.0.2.1", "userAgent": "sample" },
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

/// The path with the examples of its parameters; for the catch-all a path that no route has.
fn path(endpoint: &Declaration, operation: Option<&Value>) -> String {
    if endpoint.route.is_catch_all() {
        return "/no-such-address".to_owned();
    }
    let parameters = operation.and_then(|operation| operation.get("parameters")).and_then(Value::as_array);
    let text = |parameter: &Value, member: &str| {
        parameter.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    parameters.into_iter().flatten().filter(|parameter| text(parameter, "in") == "path").fold(
        endpoint.route.template.to_owned(),
        |path, parameter| {
            path.replace(&format!("{{{}}}", text(parameter, "name")), &text(parameter, "example"))
        },
    )
}

/// The headers that the endpoint requires. Each function has an idempotency key of its own.
fn headers(endpoint: &Declaration, has_body: bool) -> Map<String, Value> {
    let policy = &endpoint.policy;
    let all = [
        (true, "host", "api.example.com".to_owned()),
        (policy.access != Access::Public, "authorization", format!("Bearer {TOKEN}")),
        (has_body, "content-type", "application/json".to_owned()),
        (policy.if_match, "if-match", "\"1\"".to_owned()),
        (policy.idempotency.takes_keys(), "idempotency-key", format!("sample-{}", endpoint.name)),
    ];
    let asked = all.into_iter().filter(|(is_asked, ..)| *is_asked);
    let own = policy.headers.iter().map(|header| (header.name.to_ascii_lowercase(), json!(header.example)));
    asked.map(|(_, name, value)| (name.to_owned(), json!(value))).chain(own).collect()
}

/// A batch of one message, as SQS hands it to a consumer's function.
fn queued(consumer: &ConsumerDeclaration) -> Value {
    let kind = consumer.kinds.first().copied().unwrap_or_default();
    let body = announced(kind);
    json!({
        "Records": [{
            "messageId": "sample-message",
            "receiptHandle": "sample-receipt",
            "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "ApproximateFirstReceiveTimestamp": "1795255200000",
                "SentTimestamp": "1795255200000",
                "SenderId": "sample",
                "SequenceNumber": "1",
                "MessageGroupId": "sample-stream",
                "MessageDeduplicationId": "sample-message.0",
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:grafono-sample-{}.fifo", consumer.name),
            "awsRegion": "us-east-1",
        }],
    })
}

/// An event of that kind, as the relay sends it. Kinds are `<subject>.<past tense>`; a requested kind is a job's, and what was
/// recorded is named beside where.
fn announced(kind: &str) -> Value {
    let (subject, what) = kind.split_once('.').unwrap_or((kind, ""));
    let aggregate = if what.ends_with("_requested") { "job" } else { subject };
    let recorded = what.strip_suffix("_recorded").unwrap_or(subject);
    let ids = [subject, aggregate, recorded].map(|name| (format!("{name}Id"), json!(ID)));
    json!({
        "id": ID, "clinicId": ID, "aggregate": aggregate, "aggregateId": ID, "seq": 1, "kind": kind,
        "ids": Map::from_iter(ids),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "createdAt": "2026-11-21T10:00:00Z",
    })
}

/// The event that a rule of `EventBridge` sends to a worker's function by the clock.
fn scheduled(worker: &WorkerDeclaration) -> Value {
    json!({
        "version": "0",
        "id": "sample-event",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T10:00:00Z",
        "region": "us-east-1",
        "resources": [format!("arn:aws:events:us-east-1:000000000000:rule/grafono-sample-{}", worker.name)],
        "detail": {},
    })
}
