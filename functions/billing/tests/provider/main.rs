//! The payment provider's client against a server that answers as it likes. No database.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod charge;
mod finding_out;
mod hostile;
mod server;
mod settings;
mod told;

use billing::payments::provider::{Answer, Asked, Means, Provider};
use serde_json::{Value, json};
use server::Server;
use shared::deadline::Deadline;
use shared::validation::Secret;
use std::time::Duration;
use testkit::open_part;
use uuid::Uuid;

const CLINIC: Uuid = Uuid::from_u128(7);
const PAYMENT: Uuid = Uuid::from_u128(8);

fn asked() -> Asked {
    Asked {
        clinic: CLINIC,
        payment: PAYMENT,
        account: Some("acct_1".to_owned()),
        amount_minor: 15_000,
        currency: "BRL".to_owned(),
        means: Means::Card(Secret::new("pm_card_visa".to_owned())),
    }
}

fn provider(url: &str) -> Provider {
    let key = Secret::new("sk_test_1".to_owned());
    Provider::at(url, Some(&key), "test", open_part(&[]).unwrap()).unwrap()
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 15_000,
        "amount_received": if status == "succeeded" { 15_000 } else { 0 }, "currency": "brl", "created": 1_700_000_000,
        "metadata": {
            "clinicId": CLINIC.to_string(), "paymentId": PAYMENT.to_string(), "deployment": "test",
        },
        "last_payment_error": null,
    })
}

fn error(kind: &str, code: &str) -> Value {
    json!({ "error": { "type": kind, "code": code, "message": "Ada Lovelace's card" } })
}

/// What a charge means that is answered like this.
async fn charged(status: &str, body: &str) -> Answer {
    let server = Server::saying(status, body).await;
    provider(&server.url).charge(&asked(), soon()).await
}
