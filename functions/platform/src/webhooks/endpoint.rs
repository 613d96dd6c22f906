//! A webhook endpoint, as its clinic sees it, and the statements that several slices share.

use super::kind::EventKind;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::database::{Columns, DecodeError, Statement};
use shared::failure::Problem;
use shared::http::Listed;
use uuid::Uuid;

/// This clinic has no such endpoint.
pub(super) const WEBHOOK_ENDPOINT_NOT_FOUND: Problem = Problem::new(
    404,
    "WEBHOOK_ENDPOINT_NOT_FOUND",
    "No such webhook endpoint",
    "This clinic has no webhook endpoint with this id.",
);

/// Whether events are sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "WebhookEndpointStatus")]
pub enum EndpointStatus {
    /// It has not answered `webhook.test` yet: nothing else is sent to it, and what happens meanwhile is not kept for it.
    Pending,
    /// Events are sent to it.
    Active,
    /// It answered 410, or did not answer `webhook.test` for a day: nothing is sent to it any more.
    Disabled,
}

impl EndpointStatus {
    /// The status of an endpoint that has answered its test or has not, and that may be disabled.
    pub(super) fn of(is_confirmed: bool, disabled_at: Option<Timestamp>) -> Self {
        match (disabled_at, is_confirmed) {
            (Some(_), _) => Self::Disabled,
            (None, true) => Self::Active,
            (None, false) => Self::Pending,
        }
    }
}

/// Where a clinic hears of events.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpoint {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// Where events are sent.
    #[schemars(length(min = 1, max = 2048), example = "https://hooks.example.com/grafono")]
    pub url: String,
    /// Which events are sent.
    #[schemars(example = [EventKind::PatientCreated])]
    pub kinds: Vec<EventKind>,
    /// Whether events are sent.
    #[schemars(example = EndpointStatus::Pending)]
    pub status: EndpointStatus,
    /// UTC; since it answered 410, or had not answered `webhook.test` for a day, nothing is sent to it any more.
    #[schemars(example = None::<Timestamp>)]
    pub disabled_at: Option<Timestamp>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

impl WebhookEndpoint {
    /// Reads the columns `id`, `url`, `kinds`, `is_confirmed`, `disabled_at` and `created_at`. A kind that no longer
    /// exists is left out.
    pub(super) fn decode(columns: &Columns<'_>) -> Result<Self, DecodeError> {
        let kinds: Vec<String> = columns.get("kinds")?;
        let disabled_at = columns.get("disabled_at")?;
        Ok(Self {
            id: columns.get("id")?,
            url: columns.get("url")?,
            kinds: kinds.iter().filter_map(|name| name.parse().ok()).collect(),
            status: EndpointStatus::of(columns.get("is_confirmed")?, disabled_at),
            disabled_at,
            created_at: columns.get("created_at")?,
        })
    }
}

impl Listed for WebhookEndpoint {
    const LIST: &'static str = "/api/v1/webhook-endpoints";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

/// Where an endpoint can be fetched.
pub(super) fn location(id: Uuid) -> String {
    format!("/api/v1/webhook-endpoints/{id}")
}

/// Locks the endpoint until the transaction ends, or fails with `webhook_endpoint_exists`. Changes of one endpoint come
/// one after the other.
pub(super) fn hold_endpoint(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.hold_webhook_endpoint",
        "WITH held AS (
             UPDATE platform.webhook_endpoints
                SET updated_at = $3
              WHERE clinic_id = $1
                AND id = $2
                AND deleted_at IS NULL
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM held), 'webhook_endpoint_exists')",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}

/// The endpoint's first secret, or its next one.
pub(super) fn insert_secret(
    clinic: Uuid,
    endpoint: Uuid,
    id: Uuid,
    secret: Vec<u8>,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "platform.insert_webhook_secret",
        "INSERT INTO platform.webhook_secrets (clinic_id, endpoint_id, id, secret, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(clinic)
    .bind(endpoint)
    .bind(id)
    .bind(secret)
    .bind(now)
}
