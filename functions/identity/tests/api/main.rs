//! The module's endpoints against a real Postgres, one `mod` a slice; in each, the failures that its catalogue row
//! names: a race, an integrity violation, a boundary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

// One file each: `cargo run -- generate` writes the list.
mod binaries;
mod create_clinic;
mod delete_session;
mod get_jwks;
mod get_me;
mod identity_housekeeping;
mod list_sessions;
mod login;
mod logout;
mod refresh;
mod request_email_verification;
mod verify_email;

use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use testkit::{Contract, TestApp, TestRequest};

const PASSWORD: &str = "a long and lonely road";

/// Every reply is held against the committed contract (B12).
static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../platform/openapi.json")));

async fn app() -> Arc<TestApp> {
    Arc::new(TestApp::of(vec![identity::module()]).await.held_to(&CONTRACT))
}

/// A sign-up with that address.
fn new_clinic(email: &str) -> Value {
    json!({
        "clinicName": "Clínica Aurora", "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "ownerName": "Ana Souza", "email": email, "password": PASSWORD,
    })
}

fn sign_up(email: &str) -> TestRequest {
    TestRequest::post("/api/v1/clinics", &new_clinic(email))
}

fn log_in(email: &str, password: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/login", &json!({ "email": email, "password": password }))
}

fn verify(token: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/verify-email", &json!({ "token": token }))
}
