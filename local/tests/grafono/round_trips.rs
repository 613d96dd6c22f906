//! Every endpoint's round trips, counted on the wire, are what it declares (D8).

use crate::{app, income, mailed_token, new_patient, sign_up};
use serde_json::json;
use shared::clock::Clock as _;
use std::collections::BTreeMap;
use testkit::{Proxy, Tenant, TestApp, TestRequest};

/// One request an endpoint that succeeds, by the endpoint's name.
async fn successes(app: &TestApp, tenant: &Tenant) -> BTreeMap<&'static str, TestRequest> {
    let (address, id) = new_patient(app, tenant).await;
    let record = TestRequest::post("/api/v1/transactions", &income(&id)).token(tenant.owner());
    let recorded = app.send(record.clone().key("before")).await;
    app.send(TestRequest::post("/api/v1/clinics", &sign_up("before@example.com"))).await;
    let login = json!({ "email": "before@example.com", "password": "a long and lonely road" });
    let owned = |request: TestRequest| request.token(tenant.owner());
    let hook = |host: &str| {
        let body = json!({ "url": format!("https://{host}/"), "kinds": ["patient.created"] });
        TestRequest::post("/api/v1/webhook-endpoints", &body).token(tenant.owner())
    };
    let export = || owned(TestRequest::new("POST", &format!("{address}/export")));
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(app.send(export()).await.header("location").unwrap().to_owned());
    }
    let cancelled = TestRequest::new("POST", &format!("{}/cancel", jobs[1]));
    app.send(owned(cancelled.clone())).await;
    app.work("outbox-relay", None).await.unwrap();
    let made = app.send(hook("before.example")).await;
    let hook_address = made.header("location").unwrap();
    let token = json!({ "token": mailed_token(app).await });
    BTreeMap::from([
        ("create-webhook-endpoint", hook("new.example")),
        ("list-webhook-endpoints", owned(TestRequest::get("/api/v1/webhook-endpoints?includeTotal=true"))),
        ("get-webhook-endpoint", owned(TestRequest::get(hook_address))),
        ("rotate-webhook-secret", owned(TestRequest::new("POST", &format!("{hook_address}/secret")))),
        ("delete-webhook-endpoint", owned(TestRequest::new("DELETE", hook_address))),
        ("create-clinic", TestRequest::post("/api/v1/clinics", &sign_up("new@example.com"))),
        ("login", TestRequest::post("/api/v1/auth/login", &login)),
        ("verify-email", TestRequest::post("/api/v1/auth/verify-email", &token)),
        ("get-me", owned(TestRequest::get("/api/v1/me"))),
        (
            "create-patient",
            owned(TestRequest::post("/api/v1/patients", &json!({ "fullName": "A" }))).key("p"),
        ),
        ("list-patients", owned(TestRequest::get("/api/v1/patients?includeTotal=true"))),
        ("get-patient", owned(TestRequest::get(&address))),
        (
            "update-patient",
            owned(TestRequest::patch(&address, &json!({ "fullName": "B" }))).header("if-match", "\"1\""),
        ),
        ("create-transaction", record.key("new")),
        ("get-transaction", owned(TestRequest::get(recorded.header("location").unwrap()))),
        ("get-balance", owned(TestRequest::get(&format!("{address}/balance")))),
        ("export-patient", export()),
        ("get-job", owned(TestRequest::get(&jobs[0]))),
        ("get-job-result", owned(TestRequest::get(&format!("{}/result", jobs[0])))),
        ("cancel-job", owned(cancelled)),
        ("get-live", TestRequest::get("/health/live")),
        ("get-ready", TestRequest::get("/health/ready")),
        ("get-problem", TestRequest::get("/api/v1/problems/invalid-phone")),
        ("get-openapi", TestRequest::get("/api/v1/openapi.json")),
        ("get-docs", TestRequest::get("/docs")),
        ("get-docs-script", TestRequest::get("/docs/scalar.js")),
        ("record-sendgrid-events", sendgrid_tells(app)),
        ("fallback", TestRequest::new("OPTIONS", "/api/v1/patients")),
    ])
}

/// Of two clinics' mails.
fn sendgrid_tells(app: &TestApp) -> TestRequest {
    let told = [1, 2].map(|id| {
        let id = format!("01890a5d-ac96-774b-bcce-b302099a805{id}");
        json!({ "event": "spamreport", "timestamp": 1, "clinic": id, "mail": id })
    });
    app.sendgrid.as_ref().unwrap().tell(&json!(told).to_string(), app.clock.now())
}

#[tokio::test]
async fn each_endpoint_makes_exactly_the_round_trips_it_declares() {
    let (mut app, tenant) = app().await;
    let mut requests = successes(&app, &tenant).await;
    let proxy = Proxy::to(&app.database);
    app.rewire(|role| proxy.url(role));
    let declared: Vec<_> =
        app.declarations().map(|endpoint| (endpoint.name, endpoint.policy.round_trips)).collect();

    for (name, budget) in declared {
        // A refused request opens the connection; what it costs to connect is not the endpoint's.
        app.warm(name).await;
        let request = requests.remove(name).unwrap_or_else(|| unreachable!("{name} has no request here"));
        let before = proxy.round_trips();
        let answer = app.send(request).await;
        assert!(answer.status < 300, "{name}: {} {}", answer.status, answer.text);
        assert_eq!(proxy.round_trips() - before, budget, "{name}");
    }
}

#[tokio::test]
async fn a_replay_and_a_refusal_cost_one_round_trip_too() {
    let (mut app, tenant) = app().await;
    let (_, id) = new_patient(&app, &tenant).await;
    let record = TestRequest::post("/api/v1/transactions", &income(&id)).token(tenant.owner()).key("k");
    app.send(record.clone()).await;
    let proxy = Proxy::to(&app.database);
    app.rewire(|role| proxy.url(role));
    app.warm("create-transaction").await;
    let duplicate =
        TestRequest::post("/api/v1/transactions", &income("01890a5d-ac96-774b-bcce-b302099a8057"));

    let before = proxy.round_trips();
    let replay = app.send(record).await;
    let between = proxy.round_trips();
    let refused = app.send(duplicate.token(tenant.owner()).key("other")).await;

    assert_eq!((replay.header("idempotency-replayed"), between - before), (Some("true"), 1));
    assert_eq!((refused.refusal(), proxy.round_trips() - between), ((404, "PATIENT_NOT_FOUND"), 1));
}
