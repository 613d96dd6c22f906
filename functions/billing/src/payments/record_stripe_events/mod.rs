//! `POST /api/v1/webhooks/stripe`: what the payment provider tells of payments, once each.
//!
//! - **Caller**: the provider, known by its signature with one of the secrets of `STRIPE_WEBHOOK_SECRETS`. The body is read only
//!   under a good signature.
//! - **Finds** a payment by the metadata that it was asked for with. What is told of disputes and refunds need not carry any:
//!   then the provider is asked for the payment that it names, and of refunds for all of that payment's.
//! - **Writes**: `billing.provider_events`, and what became of the payment and its refunds, by the statements that the replies and
//!   the sweeper send as well; refunds that were made elsewhere; disputes, with what banks took and gave back. An event that comes
//!   again has no effect. Of another deployment's, and of kinds that nobody waits for, nothing.
//! - **Atomic**: all of it, or nothing.
//! - **Alarms**: an amount that was not asked for (the payment waits for a person), a payment that is not known here, a dispute,
//!   which somebody has to answer at the provider, and a refund that does not fit into what is left of its payment here.
//! - **Fails**: [`schema`]. The provider sends again for three days, until the answer is 2xx.
//! - **Round trips**: 1; one more, once, for another amount than was asked for.

mod db;
mod handler;
mod logic;
pub mod schema;

pub use super::signature::EventSecrets;

use super::provider::Provider;
use shared::failure::Error;
use shared::http::{
    Call, Endpoint, Policy, RateClass, RequestHeader, Response, Route, Success, WithSignedBody,
};

/// The header with the signature.
const SIGNATURE: RequestHeader = RequestHeader {
    is_required: true,
    name: "Stripe-Signature",
    description: "When it was signed, in seconds since 1970, and the HMAC-SHA256 of that, a point and the body, in hexadecimal.",
    example: "t=1795255200,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
};

/// The largest body, in bytes: an event has one object.
const BODY_LIMIT: usize = 256 * 1024;

/// The declaration.
#[derive(Debug)]
pub struct RecordStripeEvents;

impl Endpoint for RecordStripeEvents {
    const NAME: &'static str = "record-stripe-events";
    const ROUTE: Route = Route::post("/api/v1/webhooks/stripe");
    const POLICY: Policy =
        Policy::public().announces().headers(&[SIGNATURE]).body_limit(BODY_LIMIT).limit(RateClass::Unsigned);
    const SUMMARY: &'static str = "Take the payment provider's events";
    const DESCRIPTION: &'static str = "The address for a webhook endpoint at Stripe. What became of a payment is written as its \
        own reply would have been, once, however often and in whatever order the events come.";
    const SUCCESS: Success = Success::no_content();
    type Parts = (EventSecrets, Provider);
    type Input = WithSignedBody<schema::StripeEvent>;
    type Output = Response;
    type Failure = schema::RecordStripeEventsFailure;

    async fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, &input.body.bytes).await
    }
}
