//! `DELETE /api/v1/webhook-endpoints/{id}`: ends the sending of events to an endpoint.
//!
//! - **Caller**: who holds `webhooks:manage`.
//! - **Writes**: `platform.webhook_endpoints` (the row stays, marked), `platform.webhook_secrets` (they end now),
//!   `platform.webhook_deliveries` (waiting ones are dropped), audit. A delivery that is under way arrives.
//! - **Atomic**: all of it, or nothing. Of two requests at once, one gets 404.
//! - **Fails**: `WEBHOOK_ENDPOINT_NOT_FOUND`, alike for a deleted endpoint, another clinic's and an unknown one.
//! - **Round trips**: 1.

mod db;

use super::endpoint::hold_endpoint;
use http::StatusCode;
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Policy, Response, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct DeleteWebhookEndpoint;

failures! {
    /// How deleting an endpoint can fail.
    pub enum DeleteWebhookEndpointFailure {
        /// This clinic has no such endpoint.
        WebhookEndpointNotFound = crate::webhooks::endpoint::WEBHOOK_ENDPOINT_NOT_FOUND, violates ["webhook_endpoint_exists"];
    }
}

impl Endpoint for DeleteWebhookEndpoint {
    const NAME: &'static str = "delete-webhook-endpoint";
    const ROUTE: Route = Route::delete("/api/v1/webhook-endpoints/{id}");
    const POLICY: Policy = Policy::requires(super::MANAGE_WEBHOOKS)
        .changes()
        .audits("webhook_endpoint.deleted", "webhook_endpoint");
    const SUMMARY: &'static str = "Stop sending events to an address";
    const DESCRIPTION: &'static str = "What waits to be sent there is dropped.";
    const SUCCESS: Success = Success::no_content();
    type Parts = ();
    type Input = WithId;
    type Output = Response;
    type Failure = DeleteWebhookEndpointFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, id) = (caller.clinic_id, input.path.id.into());

        let mut tx = call.write()?;
        tx.add(hold_endpoint(clinic, id, call.now));
        tx.add(db::delete_endpoint(clinic, id, call.now));
        tx.add(db::end_secrets_now(clinic, id, call.now));
        tx.add(db::drop_deliveries(clinic, id, call.now));
        tx.add(call.audit(id)?);
        tx.commit::<DeleteWebhookEndpointFailure>().await?;

        Ok(Response::empty(StatusCode::NO_CONTENT))
    }
}
