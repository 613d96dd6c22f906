//! Every endpoint's round trips, counted on the wire, are what it declares (D8).

use crate::{income, mailed_token, new_patient, sign_up, stage};
use serde_json::json;
use shared::clock::Clock as _;
use std::collections::BTreeMap;
use testkit::{Ask, Proxy, Stage, Tenant};

/// One request an endpoint that succeeds, by the endpoint's name.
async fn successes(stage: &Stage, tenant: &Tenant) -> BTreeMap<&'static str, Ask> {
    let (address, id) = new_patient(stage, tenant).await;
    let record = Ask::post("/api/v1/transactions", &income(&id)).token(tenant.owner());
    let recorded = stage.ask(record.clone().key("before")).await;
    stage.ask(Ask::post("/api/v1/clinics", &sign_up("before@example.com"))).await;
    let login = json!({ "email": "before@example.com", "password": "a long and lonely road" });
    let owned = |ask: Ask| ask.token(tenant.owner());
    let hook = |host: &str| {
        let body = json!({ "url": format!("https://{host}/"), "kinds": ["patient.created"] });
        Ask::post("/api/v1/webhook-endpoints", &body).token(tenant.owner())
    };
    let export = || owned(Ask::new("POST", &format!("{address}/export")));
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(stage.ask(export()).await.header("location").unwrap().to_owned());
    }
    let cancelled = Ask::new("POST", &format!("{}/cancel", jobs[1]));
    stage.ask(owned(cancelled.clone())).await;
    stage.work("outbox-relay", None).await.unwrap();
    let made = stage.ask(hook("before.example")).await;
    let hook_address = made.header("location").unwrap();
    BTreeMap::from([
        ("create-webhook-endpoint", hook("new.example")),
        ("list-webhook-endpoints", owned(Ask::get("/api/v1/webhook-endpoints?includeTotal=true"))),
        ("get-webhook-endpoint", owned(Ask::get(hook_address))),
        ("rotate-webhook-secret", owned(Ask::new("POST", &format!("{hook_address}/secret")))),
        ("delete-webhook-endpoint", owned(Ask::new("DELETE", hook_address))),
        ("create-clinic", Ask::post("/api/v1/clinics", &sign_up("new@example.com"))),
        ("login", Ask::post("/api/v1/auth/login", &login)),
        (
            "verify-email",
            Ask::post("/api/v1/auth/verify-email", &json!({ "token": mailed_token(stage).await })),
        ),
        ("get-me", owned(Ask::get("/api/v1/me"))),
        ("create-patient", owned(Ask::post("/api/v1/patients", &json!({ "fullName": "A" }))).key("p")),
        ("list-patients", owned(Ask::get("/api/v1/patients?includeTotal=true"))),
        ("get-patient", owned(Ask::get(&address))),
        (
            "update-patient",
            owned(Ask::patch(&address, &json!({ "fullName": "B" }))).header("if-match", "\"1\""),
        ),
        ("create-transaction", record.key("new")),
        ("get-transaction", owned(Ask::get(recorded.header("location").unwrap()))),
        ("get-balance", owned(Ask::get(&format!("{address}/balance")))),
        ("export-patient", export()),
        ("get-job", owned(Ask::get(&jobs[0]))),
        ("get-job-result", owned(Ask::get(&format!("{}/result", jobs[0])))),
        ("cancel-job", owned(cancelled)),
        ("get-live", Ask::get("/health/live")),
        ("get-ready", Ask::get("/health/ready")),
        ("get-problem", Ask::get("/api/v1/problems/invalid-phone")),
        ("get-openapi", Ask::get("/api/v1/openapi.json")),
        ("get-docs", Ask::get("/docs")),
        ("get-docs-script", Ask::get("/docs/scalar.js")),
        ("record-sendgrid-events", sendgrid_tells(stage)),
        ("fallback", Ask::new("OPTIONS", "/api/v1/patients")),
    ])
}

/// Of two clinics' mails.
fn sendgrid_tells(stage: &Stage) -> Ask {
    let told = [1, 2].map(|id| {
        let id = format!("01890a5d-ac96-774b-bcce-b302099a805{id}");
        json!({ "event": "spamreport", "timestamp": 1, "clinic": id, "mail": id })
    });
    stage.sendgrid.as_ref().unwrap().tell(&json!(told).to_string(), stage.clock.now())
}

#[tokio::test]
async fn each_endpoint_makes_exactly_the_round_trips_it_declares() {
    let (mut stage, tenant) = stage().await;
    let mut asks = successes(&stage, &tenant).await;
    let proxy = Proxy::to(&stage.database);
    stage.rewire(|role| proxy.url(role));
    let declared: Vec<_> =
        stage.declarations().map(|endpoint| (endpoint.name, endpoint.policy.round_trips)).collect();

    for (name, budget) in declared {
        // A refused request opens the connection; what it costs to connect is not the endpoint's.
        stage.warm(name).await;
        let ask = asks.remove(name).unwrap_or_else(|| unreachable!("{name} has no request here"));
        let before = proxy.trips();
        let answer = stage.ask(ask).await;
        assert!(answer.status < 300, "{name}: {} {}", answer.status, answer.text);
        assert_eq!(proxy.trips() - before, budget, "{name}");
    }
}

#[tokio::test]
async fn a_replay_and_a_refusal_cost_one_round_trip_too() {
    let (mut stage, tenant) = stage().await;
    let (_, id) = new_patient(&stage, &tenant).await;
    let record = Ask::post("/api/v1/transactions", &income(&id)).token(tenant.owner()).key("k");
    stage.ask(record.clone()).await;
    let proxy = Proxy::to(&stage.database);
    stage.rewire(|role| proxy.url(role));
    stage.warm("create-transaction").await;
    let duplicate = Ask::post("/api/v1/transactions", &income("01890a5d-ac96-774b-bcce-b302099a8057"));

    let before = proxy.trips();
    let replay = stage.ask(record).await;
    let between = proxy.trips();
    let refused = stage.ask(duplicate.token(tenant.owner()).key("other")).await;

    assert_eq!((replay.header("idempotency-replayed"), between - before), (Some("true"), 1));
    assert_eq!((refused.refusal(), proxy.trips() - between), ((404, "PATIENT_NOT_FOUND"), 1));
}
