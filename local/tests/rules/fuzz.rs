//! Hostile input, bounded in number: gateway events, bodies, cursors, tokens. No panic, no 5xx.

mod events;

use crate::CONTRACT;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};
use shared::http::{gateway, pipeline};
use std::time::Duration;
use testkit::{TestApp, TestResponse};

/// How many cases of each kind; more on a night of their own: `PROPTEST_CASES`.
const CASES: u32 = 300;

fn runner() -> TestRunner {
    // A case that failed once is tried first ever after.
    let kept = FileFailurePersistence::Direct("tests/rules/fuzz.regressions");
    let config = Config { failure_persistence: Some(Box::new(kept)), ..Config::default() };
    TestRunner::new(Config { cases: config.cases.max(CASES), ..config })
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(field_name(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

/// Mostly names that some endpoint knows, so that the values are looked at.
fn field_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "fullName",
        "phone",
        "birthDate",
        "email",
        "document",
        "notes",
        "patientId",
        "type",
        "amountMinor",
        "currency",
        "method",
        "clinicName",
        "timeZone",
        "ownerName",
        "password",
        "clinicId",
        "description",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "/api/v1/patients",
        "/api/v1/transactions",
        "/api/v1/clinics",
        "/api/v1/auth/login",
        "/api/v1/me",
        "/health/live",
        "/api/v1/problems/x",
    ]);
    prop_oneof![
        3 => known.prop_map(str::to_owned),
        2 => any::<String>().prop_map(|id| format!("/api/v1/patients/{id}")),
        1 => any::<String>(),
    ]
}

fn body() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        6 => any_json().prop_map(|json| Some(json.to_string())),
        1 => any::<String>().prop_map(Some),
        1 => Just(None),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop::sample::select(vec![
        "content-type",
        "accept",
        "if-match",
        "if-none-match",
        "idempotency-key",
        "origin",
        "traceparent",
        "authorization",
        "x-request-id",
        "cookie",
    ]);
    prop::collection::vec((name.prop_map(str::to_owned), any::<String>()), 0..4)
}

/// Calls the function that has the route with the event as it came, through JSON.
async fn pass(app: &TestApp, token: &str, mut event: Value) -> TestResponse {
    let signed = event["headers"].get("authorization").is_none();
    if signed {
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    }
    if event["headers"].get("content-type").is_none() {
        event["headers"]["content-type"] = json!("application/json");
    }
    let (request, _) = gateway::read(&event.to_string());
    let (method, path) = (request.method.to_string(), request.path.clone());
    let answered = pipeline::answer(app.route(&method, &path), request, Duration::from_secs(10)).await;
    let answer = answered.finish().await.into();
    CONTRACT.hold(&method, &path, &answer);
    answer
}

/// Runs `strategy` against the test app; whatever comes, the reply is ours and no fault of ours.
fn assert_no_fault(strategy: impl Strategy<Value = Value>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (app, tenant) = runtime.block_on(async {
        let app = TestApp::of(grafono::modules()).await;
        let tenant = app.tenant().await;
        (app, tenant)
    });
    let outcome = runner().run(&strategy, |event| {
        let shown = event.to_string();
        let answer = runtime.block_on(pass(&app, tenant.owner(), event));
        prop_assert!(answer.status < 500, "{shown} got {} {}", answer.status, answer.text);
        prop_assert!(answer.header("x-request-id").is_some());
        if answer.status >= 400 {
            prop_assert!(
                answer.text.is_empty() || answer.json["error"]["code"].is_string(),
                "{}",
                answer.text
            );
        }
        Ok(())
    });
    outcome.unwrap();
}

fn event(
    method: &str,
    path: &str,
    query: &str,
    headers: Vec<(String, String)>,
    body: Option<&str>,
    base64: bool,
) -> Value {
    let headers: serde_json::Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "body": body,
        "isBase64Encoded": base64, "requestContext": { "http": { "method": method, "path": path, "sourceIp": "x" } },
    })
}

#[test]
fn hostile_events_are_answered() {
    let methods =
        prop::sample::select(vec!["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "", "x y"]);
    let strategy = (methods, path(), any::<String>(), headers(), body(), any::<bool>());
    assert_no_fault(strategy.prop_map(|(method, path, query, headers, body, base64)| {
        event(method, &path, &query, headers, body.as_deref(), base64)
    }));
}

#[test]
fn hostile_bodies_are_answered() {
    let paths = prop::sample::select(vec!["/api/v1/patients", "/api/v1/transactions", "/api/v1/auth/login"]);
    let object = prop::collection::btree_map(field_name(), any_json(), 0..8);
    assert_no_fault((paths, object).prop_map(|(path, body)| {
        let key = vec![("idempotency-key".to_owned(), "fuzz".to_owned())];
        let headers = if path.ends_with("login") { Vec::new() } else { key };
        event("POST", path, "", headers, Some(&json!(body).to_string()), false)
    }));
}

#[test]
fn hostile_cursors_are_answered() {
    let cursor = prop_oneof![any::<String>(), "[A-Za-z0-9_-]{48}", "[A-Za-z0-9_-]{0,80}"];
    assert_no_fault(cursor.prop_map(|cursor| {
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("cursor", &cursor).finish();
        event("GET", "/api/v1/patients", &query, Vec::new(), None, false)
    }));
}

#[test]
fn hostile_tokens_are_answered() {
    let token = prop_oneof![any::<String>(), "v4\\.public\\.[A-Za-z0-9_-]{0,200}(\\.[A-Za-z0-9_-]{0,60})?"];
    assert_no_fault(token.prop_map(|token| {
        let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        event("GET", "/api/v1/me", "", headers, None, false)
    }));
}
