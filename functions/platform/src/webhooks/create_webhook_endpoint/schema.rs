//! What comes in, what goes out and how it fails.

use super::logic;
use crate::webhooks::endpoint::WebhookEndpoint;
use crate::webhooks::kind::EventKind;
use crate::webhooks::signing::SigningSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::Text;
use std::borrow::Cow;
use validator::{Validate, ValidationError};

/// An endpoint to be made.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhookEndpoint {
    /// An `https` address on the public internet, without user, password and fragment.
    #[validate(length(min = 1, max = 2048), custom(function = is_target))]
    #[schemars(
        regex(pattern = r"^[Hh][Tt][Tt][Pp][Ss]?://[!-\[\]-~]+$"),
        example = "https://hooks.example.com/grafono"
    )]
    pub url: Text,
    /// Which events to send; naming one twice means nothing more.
    #[validate(length(min = 1, max = 100))]
    #[schemars(example = [EventKind::PatientCreated])]
    pub kinds: Vec<EventKind>,
}

impl Fields for NewWebhookEndpoint {
    const RULES: &'static [Problem] = &[Problem::new(
        400,
        "INVALID_WEBHOOK_URL",
        "Invalid webhook address",
        "Send an https address without user, password and fragment, such as https://hooks.example.com/grafono.",
    )
    .at("/url")];
}

fn is_target(url: &Text) -> Result<(), ValidationError> {
    let refusal = || {
        ValidationError::new("INVALID_WEBHOOK_URL")
            .with_message(Cow::Borrowed("must be an https address without user, password and fragment"))
    };
    logic::target(url.as_str()).map(|_| ()).ok_or_else(refusal)
}

/// A new endpoint and its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedWebhookEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: WebhookEndpoint,
    /// What deliveries are signed with.
    pub secret: SigningSecret,
}

failures! {
    /// How making an endpoint can fail.
    pub enum CreateWebhookEndpointFailure {
        /// There is one with this address.
        DuplicateWebhookUrl = 409 "DUPLICATE_WEBHOOK_URL", "Duplicate webhook address",
            "This clinic has an endpoint with this address. Delete that one first, or use it.",
            at "/url", violates ["webhook_endpoints_url_unique"];
        /// There are twenty.
        WebhookEndpointLimit = 422 "WEBHOOK_ENDPOINT_LIMIT", "Too many webhook endpoints",
            "A clinic has at most twenty webhook endpoints. Delete one that is not needed any more.",
            violates ["webhook_endpoints_slot_bounds"];
        /// The address leads into a private network.
        WebhookUrlNotAllowed = 422 "WEBHOOK_URL_NOT_ALLOWED", "Webhook address not allowed",
            "This address is not on the public internet. Events are not sent to private, local or metadata addresses.",
            at "/url";
        /// The address has a port that is not called.
        WebhookPortNotAllowed = 422 "WEBHOOK_PORT_NOT_ALLOWED", "Webhook port not allowed",
            "Events are sent to the ports 443 and 8443 alone. Have the receiver listen at one of them.",
            at "/url";
        /// The name has no address.
        WebhookHostNotFound = 422 "WEBHOOK_HOST_NOT_FOUND", "Webhook host not found",
            "The host of this address is not known to the name service. Correct it, or try again once it is.",
            at "/url";
    }
}
