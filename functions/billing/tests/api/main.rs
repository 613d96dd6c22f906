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
mod create_transaction;
mod export_patient_ledger;
mod get_balance;
mod get_payment;
mod get_transaction;
mod list_payments;
mod list_transactions;
mod pooler;
mod reconcile;
mod record_stripe_events;
mod resolve_payment;
mod reverse_transaction;
mod sweep_payments;
mod telemetry;
mod waiting_payments;

#[path = "../money/mod.rs"]
mod money;

use money::{app, assert_books_balance, assert_money_agrees, card, income, lost, patient, pay, record};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// The balance by the endpoint.
async fn balance(app: &TestApp, tenant: &Tenant, patient: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner())).await
}

/// The payment by the endpoint.
async fn payment(app: &TestApp, tenant: &Tenant, id: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/payments/{id}")).token(tenant.owner())).await
}

/// The id of the patient's newest payment, as the database has it.
async fn payment_of(app: &TestApp, patient: &str) -> String {
    let sql = "SELECT id FROM billing.payments WHERE patient_id = '{patient}' ORDER BY id DESC LIMIT 1";
    app.database.value(&sql.replace("{patient}", patient)).await
}
