//! The module's endpoints against a real Postgres, one `mod` a slice; in each, the failures that its catalogue row
//! names: a race, an integrity violation, a boundary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

// One file each: `cargo run -- generate` writes the list.
mod binaries;
mod consuming;
mod create_patient;
mod export_patient;
mod get_patient;
mod list_patients;
mod nudge;
mod update_patient;

use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use testkit::{Contract, Tenant, TestApp, TestRequest, TestResponse};

/// Every reply is held against the committed contract (B12).
static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../platform/openapi.json")));

/// A test app with the module and one clinic.
async fn app() -> (Arc<TestApp>, Tenant) {
    let app = TestApp::of(vec![patients::module()]).await.held_to(&CONTRACT);
    let tenant = app.tenant().await;
    (Arc::new(app), tenant)
}

/// Adds a patient as the owner.
async fn add(app: &TestApp, tenant: &Tenant, body: &Value) -> TestResponse {
    app.send(TestRequest::post("/api/v1/patients", body).token(tenant.owner())).await
}

/// Adds a patient of that name and answers its address.
async fn address_of_new(app: &TestApp, tenant: &Tenant, name: &str) -> String {
    let added = add(app, tenant, &json!({ "fullName": name })).await;
    assert_eq!(added.status, 201, "{}", added.text);
    added.header("location").unwrap().to_owned()
}
