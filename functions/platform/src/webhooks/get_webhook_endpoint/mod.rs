//! `GET /api/v1/webhook-endpoints/{id}`: one endpoint, without its secret.
//!
//! - **Caller**: who holds `webhooks:manage`.
//! - **Reads**: `platform.webhook_endpoints`.
//! - **Fails**: `WEBHOOK_ENDPOINT_NOT_FOUND`, alike for a deleted endpoint, another clinic's and an unknown one.
//! - **Round trips**: 1.

mod db;

use super::WebhookEndpoint;
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetWebhookEndpoint;

failures! {
    /// How reading an endpoint can fail.
    pub enum GetWebhookEndpointFailure {
        /// This clinic has no such endpoint.
        WebhookEndpointNotFound = crate::webhooks::endpoint::WEBHOOK_ENDPOINT_NOT_FOUND;
    }
}

impl Endpoint for GetWebhookEndpoint {
    const NAME: &'static str = "get-webhook-endpoint";
    const ROUTE: Route = Route::get("/api/v1/webhook-endpoints/{id}");
    const POLICY: Policy = Policy::requires(super::MANAGE_WEBHOOKS);
    const SUMMARY: &'static str = "Read a webhook endpoint";
    const SUCCESS: Success =
        Success::ok().links_to(&[Link::new("/api/v1/webhook-endpoints/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<WebhookEndpoint>;
    type Failure = GetWebhookEndpointFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(db::endpoint(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<GetWebhookEndpointFailure>().await?.optional(&handle)?;
        Ok(Reply::ok(found.ok_or(GetWebhookEndpointFailure::WebhookEndpointNotFound)?))
    }
}
