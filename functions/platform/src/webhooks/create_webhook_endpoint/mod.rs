//! `POST /api/v1/webhook-endpoints`: adds an address that events are sent to.
//!
//! - **Caller**: who holds `webhooks:manage`. The secret is handed out here and never again, so no key is taken.
//! - **Writes**: `platform.webhook_endpoints`, pending; `platform.webhook_secrets`; the test, which `deliver-webhooks`
//!   sends, in `platform.webhook_deliveries`; audit.
//! - **Calls**: a look-up of the host's addresses, before the transaction. Addresses outside the public internet are
//!   refused now, and again at every delivery; ports but 443 and 8443 now. On one machine any port will do.
//! - **Atomic**: all of it, or nothing. Of two requests with one address at once, one makes an endpoint; of thirty at
//!   once, twenty.
//! - **Fails**: `DUPLICATE_WEBHOOK_URL`, `WEBHOOK_ENDPOINT_LIMIT`, `WEBHOOK_URL_NOT_ALLOWED`, `WEBHOOK_PORT_NOT_ALLOWED`,
//!   `WEBHOOK_HOST_NOT_FOUND`, field rules; see [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
mod logic;
pub mod schema;

use shared::external::ExternalCalls;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct CreateWebhookEndpoint;

impl Endpoint for CreateWebhookEndpoint {
    const NAME: &'static str = "create-webhook-endpoint";
    const ROUTE: Route = Route::post("/api/v1/webhook-endpoints");
    const POLICY: Policy = Policy::requires(super::MANAGE_WEBHOOKS)
        .verified()
        .hands_out_secrets()
        .audits("webhook_endpoint.created", "webhook_endpoint");
    const SUMMARY: &'static str = "Have events sent to an address";
    const DESCRIPTION: &'static str = "Events are sent by the Standard Webhooks specification and signed with the secret \
        that is answered here, and only here. The endpoint is `pending` first: it is sent a signed `webhook.test`, and is \
        `active` once it has answered that with a 2xx. Until then nothing else is sent to it, nor kept for it; after a day \
        without such an answer it is `disabled`. At most twenty endpoints a clinic.";
    const SUCCESS: Success =
        Success::created().links_to(&[Link::new("/api/v1/webhook-endpoints/{id}", "/data/id")]);
    type Parts = ExternalCalls;
    type Input = WithBody<schema::NewWebhookEndpoint>;
    type Output = Reply<schema::CreatedWebhookEndpoint>;
    type Failure = schema::CreateWebhookEndpointFailure;

    async fn handle(
        call: &Call<'_, ExternalCalls>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
