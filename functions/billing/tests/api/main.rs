//! The module's endpoints against a real Postgres, one `mod` a slice; in each, the failures that its catalogue row
//! names: a race, an integrity violation, a boundary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should say where and end"
)]

// One file each: `cargo run -- generate` writes the list.
mod binaries;
mod create_transaction;
mod export_patient_ledger;
mod get_balance;
mod get_transaction;
mod pooler;
mod telemetry;

use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use testkit::{Contract, Tenant, TestApp, TestRequest, TestResponse};

/// Every reply is held against the committed contract (B12).
static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../platform/openapi.json")));

/// A test app with the module and one clinic.
async fn app() -> (Arc<TestApp>, Tenant) {
    let app = TestApp::of(vec![billing::module()]).await.held_to(&CONTRACT);
    let tenant = app.tenant().await;
    (Arc::new(app), tenant)
}

/// A patient of the clinic, written straight into the database: another module's endpoint makes them.
async fn patient(app: &TestApp, tenant: &Tenant) -> String {
    let sql = "INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
               VALUES (uuidv7(), '{clinic}', 'A patient', 1, now(), now()) RETURNING id";
    app.database.value(&sql.replace("{clinic}", &tenant.clinic.to_string())).await
}

/// An income of 150.00 BRL.
fn income(patient: &str) -> Value {
    json!({ "patientId": patient, "type": "income", "amountMinor": 15_000, "currency": "BRL", "method": "pix" })
}

/// The request that records it.
fn record(tenant: &Tenant, body: &Value, key: &str) -> TestRequest {
    TestRequest::post("/api/v1/transactions", body).token(tenant.owner()).key(key)
}

/// The balance by the endpoint.
async fn balance(app: &TestApp, tenant: &Tenant, patient: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner())).await
}

/// Whether each balance is the sum of its transfers, and each transfer's running balance the sum up to it.
async fn assert_books_balance(app: &TestApp) {
    let off = "SELECT count(*)
                 FROM (SELECT t.balance_after_minor,
                              sum(CASE WHEN t.credit_account = 'patient' THEN t.amount_minor ELSE -t.amount_minor END)
                                  OVER (PARTITION BY t.clinic_id, t.patient_id ORDER BY t.seq) AS running,
                              b.balance_minor, b.seq AS last, t.seq,
                              row_number() OVER (PARTITION BY t.clinic_id, t.patient_id ORDER BY t.seq) AS place
                         FROM billing.transfers t
                         JOIN billing.balances b ON b.clinic_id = t.clinic_id AND b.patient_id = t.patient_id) AS entry
                WHERE balance_after_minor <> running
                   OR seq <> place
                   OR (seq = last AND balance_minor <> running)";
    assert_eq!(app.database.value(off).await, "0");
}
