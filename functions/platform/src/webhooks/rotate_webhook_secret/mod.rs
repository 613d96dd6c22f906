//! `POST /api/v1/webhook-endpoints/{id}/secret`: gives an endpoint a new secret.
//!
//! - **Caller**: who holds `webhooks:manage`. The secret is handed out here and never again, so no key is taken.
//! - **Writes**: `platform.webhook_secrets`, audit. For a day the previous secret signs as well, so that the receiver
//!   may change at any time of that day; the secret before it ends at once.
//! - **Atomic**: all of it, or nothing. Of two requests at once, one comes after the other: both new secrets sign.
//! - **Fails**: `WEBHOOK_ENDPOINT_NOT_FOUND`.
//! - **Round trips**: 1.

mod db;
mod schema;

use super::endpoint::{hold_endpoint, insert_secret};
use super::signing::SigningSecret;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct RotateWebhookSecret;

impl Endpoint for RotateWebhookSecret {
    const NAME: &'static str = "rotate-webhook-secret";
    const ROUTE: Route = Route::post("/api/v1/webhook-endpoints/{id}/secret");
    const POLICY: Policy = Policy::requires(super::MANAGE_WEBHOOKS)
        .hands_out_secrets()
        .audits("webhook_secret.rotated", "webhook_endpoint");
    const SUMMARY: &'static str = "Give a webhook endpoint a new secret";
    const DESCRIPTION: &'static str = "For 24 hours deliveries are signed with the secret before as well. The one before \
        that ends at once.";
    const SUCCESS: Success = Success::created_here();
    type Parts = ();
    type Input = WithId;
    type Output = Reply<schema::NewSecret>;
    type Failure = schema::RotateWebhookSecretFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, id) = (caller.clinic_id, input.path.id.into());
        let secret = SigningSecret::random()?;

        let mut tx = call.write()?;
        tx.add(hold_endpoint(clinic, id, call.now));
        tx.add(db::end_secrets(clinic, id, call.now));
        tx.add(insert_secret(clinic, id, call.new_id(), secret.to_bytes(), call.now));
        tx.add(call.audit(id)?);
        tx.commit::<schema::RotateWebhookSecretFailure>().await?;

        Ok(Reply::created_here(schema::NewSecret { secret, previous_secret_until: call.now + db::OVERLAP }))
    }
}
