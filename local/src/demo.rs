//! A clinic to try things with, signed up through the API like any other.

use crate::gateway::Gateway;
use serde_json::json;
use shared::http::gateway::{Event, HttpContext, RequestContext};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

/// The demo owner's address.
pub const EMAIL: &str = "demo@grafono.example";

/// The demo owner's password: for trials on this machine only.
pub const PASSWORD: &str = "demo-on-one-machine";

/// Signs the demo clinic up, unless an earlier start has. Whether it is there now.
pub async fn sign_up(gateway: &Gateway) -> bool {
    let body = json!({
        "clinicName": "Demo clinic", "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "ownerName": "Demo owner", "email": EMAIL, "password": PASSWORD,
    });
    let http = HttpContext {
        method: "POST".to_owned(),
        path: "/api/v1/clinics".to_owned(),
        source_ip: "127.0.0.1".to_owned(),
    };
    let event = Event {
        raw_path: http.path.clone(),
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        request_context: RequestContext { request_id: String::new(), http },
        body: Some(body.to_string()),
        ..Event::default()
    };
    // A log line of it would be the first thing that everybody sees, and a refusal from the second start on.
    let answer = gateway.pass(event).with_subscriber(NoSubscriber::default()).await;
    matches!(answer.status_code, 201 | 409)
}
