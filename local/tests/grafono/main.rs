//! All modules together: the contract that every endpoint keeps, and the program as a newcomer meets it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod audit;
mod canaries;
mod catalogue;
mod clinics;
mod contract;
mod dead_letters;
mod door;
mod drift;
mod edge;
mod events;
mod files;
mod ledger;
mod logs;
mod mail;
mod openapi;
mod outage;
mod payments;
mod permissions;
mod processes;
mod program;
mod receipts;
mod replays;
mod round_trips;
mod scene;
mod startup;
mod story;
mod traces;
mod unreached;
mod workers;

use serde_json::{Value, json};
use std::sync::LazyLock;
use testkit::{Contract, Tenant, TestApp, TestRequest};

/// The contract as the declarations make it now: every reply is held against it (B12).
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::of(&grafono::openapi::text().unwrap()));

/// All modules in a test app, and one clinic.
async fn app() -> (TestApp, Tenant) {
    let app = TestApp::of(grafono::modules()).await.held_to(&CONTRACT);
    let tenant = app.tenant().await;
    (app, tenant)
}

/// The address of a new patient, and its id.
async fn new_patient(app: &TestApp, tenant: &Tenant) -> (String, String) {
    let request = TestRequest::post(
        "/api/v1/patients",
        &json!({ "fullName": "Canary Patient", "document": "canary-1" }),
    );
    let added = app.send(request.token(tenant.owner())).await;
    let id = added.data()["id"].as_str().unwrap().to_owned();
    (format!("/api/v1/patients/{id}"), id)
}

/// An income of 150.00 BRL.
fn income(patient: &str) -> Value {
    json!({ "patientId": patient, "type": "income", "amountMinor": 15_000, "currency": "BRL", "method": "pix" })
}

/// A token that was mailed to somebody who signed up.
async fn mailed_token(app: &TestApp) -> String {
    app.work("outbox-relay", None).await.unwrap();
    let sent = app.mail.sent();
    let text = &sent.last().unwrap().plain_text;
    text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// A sign-up with that address.
fn sign_up(email: &str) -> Value {
    json!({
        "clinicName": "Clínica Aurora", "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "ownerName": "Ana Souza", "email": email, "password": "a long and lonely road",
    })
}
