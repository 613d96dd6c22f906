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
mod cancel_payment;
mod create_payment;
mod create_refund;
mod create_transaction;
mod export_patient_ledger;
mod get_balance;
mod get_payment;
mod get_receipt;
mod get_refund;
mod get_transaction;
mod list_patient_transactions;
mod list_payments;
mod list_receipts;
mod list_refunds;
mod list_transactions;
mod mail_receipt;
mod pooler;
mod reconcile;
mod record_stripe_events;
mod render_receipt;
mod resolve_payment;
mod reverse_transaction;
mod seal_ledger;
mod sweep_payments;
mod telemetry;
mod verify_receipt;
mod waiting_payments;

#[path = "../money/mod.rs"]
mod money;

use money::{
    app, assert_books_balance, assert_money_agrees, assert_receipts_agree, card, income, lost, patient, pay,
    record,
};
use serde_json::{Value, json};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// A charge of 50.00 BRL for a thing outside.
fn charge(patient: &str, source: &str) -> Value {
    json!({
        "patientId": patient, "type": "charge", "amountMinor": 5_000, "currency": "BRL",
        "source": { "kind": "external", "id": source },
    })
}

/// The balance by the endpoint.
async fn balance(app: &TestApp, tenant: &Tenant, patient: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner())).await
}

/// The payment by the endpoint.
async fn payment(app: &TestApp, tenant: &Tenant, id: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/payments/{id}")).token(tenant.owner())).await
}

/// A payment of 150.00 BRL that was taken by that card.
async fn paid(app: &TestApp, tenant: &Tenant, patient: &str, method: &str) -> String {
    let answer = app.send(pay(tenant, &card(patient, method), &format!("paid {patient}"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.data()["paymentId"].as_str().unwrap().to_owned()
}

/// The request that gives money of it back.
fn refund(tenant: &Tenant, payment: &str, body: &Value, key: &str) -> TestRequest {
    TestRequest::post(&format!("/api/v1/payments/{payment}/refunds"), body).token(tenant.owner()).key(key)
}

/// The id of the provider's payment.
fn intent_of(app: &TestApp, payment: &str) -> String {
    app.payments.charged(payment).remove(0).id
}

/// Hands over what the provider has to tell, until all of it is taken.
async fn deliver(app: &TestApp) {
    for event in app.payments.events() {
        let told = app.send(app.tells(&event)).await;
        assert_eq!(told.status, 204, "{}: {}", event.kind, told.text);
    }
}

/// The kinds and amounts of the patient's transactions, in their order.
async fn moved(app: &TestApp, patient: &str) -> Vec<Vec<String>> {
    let sql = "SELECT kind, amount_minor FROM billing.transfers WHERE patient_id = '{patient}' ORDER BY seq";
    app.database.rows(&sql.replace("{patient}", patient)).await
}

/// The id of the patient's newest payment, as the database has it.
async fn payment_of(app: &TestApp, patient: &str) -> String {
    let sql = "SELECT id FROM billing.payments WHERE patient_id = '{patient}' ORDER BY id DESC LIMIT 1";
    app.database.value(&sql.replace("{patient}", patient)).await
}

/// The receipt by the endpoint.
async fn receipt(app: &TestApp, tenant: &Tenant, id: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/receipts/{id}")).token(tenant.owner())).await
}

/// A receipt of money that was taken by hand, before and after that was taken back.
async fn taken_back(app: &TestApp, tenant: &Tenant) -> (Value, Value) {
    let patient = patient(app, tenant).await;
    let recorded = app.send(record(tenant, &income(&patient), "income")).await;
    let recorded = recorded.data();
    let (transaction, id) = (recorded["id"].as_str().unwrap(), recorded["receiptId"].as_str().unwrap());
    let before = receipt(app, tenant, id).await.data().clone();
    let address = format!("/api/v1/transactions/{transaction}/reversal");
    let reversed = app.send(TestRequest::post(&address, &json!({})).token(tenant.owner()).key("back")).await;
    assert_eq!(reversed.status, 201, "{}", reversed.text);
    (before, receipt(app, tenant, id).await.data().clone())
}

/// The paper of a receipt.
async fn paper(app: &TestApp, tenant: &Tenant, id: &str) -> Vec<u8> {
    let address = format!("/api/v1/receipts/{id}");
    let asked = TestRequest::get(&address).token(tenant.owner()).header("accept", "application/pdf");
    let answer = app.send(asked).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/pdf")),
        "{}",
        answer.text
    );
    answer.body
}
