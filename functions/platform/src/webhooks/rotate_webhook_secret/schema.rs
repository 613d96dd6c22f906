//! What goes out and how it fails.

use crate::webhooks::signing::SigningSecret;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::failures;

/// A new secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewWebhookSecret")]
pub struct NewSecret {
    /// What deliveries are signed with from now on.
    pub secret: SigningSecret,
    /// UTC; until then the secret before signs as well.
    #[schemars(example = "2026-11-22T10:00:00.123456Z")]
    pub previous_secret_until: Timestamp,
}

failures! {
    /// How rotating a secret can fail.
    pub enum RotateWebhookSecretFailure {
        /// This clinic has no such endpoint.
        WebhookEndpointNotFound = crate::webhooks::endpoint::WEBHOOK_ENDPOINT_NOT_FOUND, violates ["webhook_endpoint_exists"];
    }
}
