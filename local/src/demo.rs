//! A clinic to try things with, signed up through the API like any other.

use crate::database::{self, LocalDatabase};
use crate::error::Error;
use crate::gateway::Gateway;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;
use shared::http::Request;
use tokio_postgres::types::Type;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

/// The demo owner's address.
pub const EMAIL: &str = "demo@grafono.example";

/// The demo owner's password: for trials on this machine only.
pub const PASSWORD: &str = "demo-on-one-machine";

/// Signs the demo clinic up, unless an earlier start did, and confirms the owner's address, whose mails nobody reads.
/// Whether the clinic is there now.
pub async fn sign_up(gateway: &Gateway, database: &LocalDatabase) -> bool {
    let body = json!({
        "clinicName": "Demo clinic", "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "ownerName": "Demo owner", "email": EMAIL, "password": PASSWORD,
    });
    let request = Request {
        method: Method::POST,
        path: "/api/v1/clinics".to_owned(),
        query: String::new(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        cookies: Vec::new(),
        body: Some(body.to_string().into()),
        gateway_id: None,
        source_address: "127.0.0.1".to_owned(),
    };
    // Without a log line, which every newcomer would see first, and as a refusal from the second start on.
    let answer = gateway.pass(request).with_subscriber(NoSubscriber::default()).await;
    matches!(answer.status, StatusCode::CREATED | StatusCode::CONFLICT) && confirm(database).await.is_ok()
}

async fn confirm(database: &LocalDatabase) -> Result<(), Error> {
    let sql = "UPDATE identity.accounts
                  SET email_verified_at = created_at, updated_at = created_at
                WHERE email_key = $1
                  AND email_verified_at IS NULL";
    let client = database::connect(&database.url("identity")).await?;
    let confirmed = client.query_typed(sql, &[(&EMAIL, Type::TEXT)]).await;
    confirmed.map(drop).map_err(Error::database("confirm the demo owner's address"))
}
