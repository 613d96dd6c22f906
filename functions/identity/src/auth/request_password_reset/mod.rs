//! `POST /api/v1/auth/password-resets`: somebody who forgot the password asks for a link.
//!
//! - **Does**: notes the address, and announces it. Whether it has an account is found out by `mail-password-reset`, after
//!   the reply: the same is done and answered for every address, in the same time.
//! - **Caller**: anybody.
//! - **Writes**: `identity.password_reset_requests`, outbox (`account.password_reset_requested`, of no clinic).
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Policy, RateClass, Response, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct RequestPasswordReset;

impl Endpoint for RequestPasswordReset {
    const NAME: &'static str = "request-password-reset";
    const ROUTE: Route = Route::post("/api/v1/auth/password-resets");
    const POLICY: Policy = Policy::public().announces().limit(RateClass::Strict);
    const SUMMARY: &'static str = "Ask for a link to choose a new password";
    const DESCRIPTION: &'static str = "If the address has an account, a link is mailed to it. The answer is the same for \
        every address. The link is good for 30 minutes and once; a newer one ends it.";
    const SUCCESS: Success = Success::accepted_here();
    type Parts = ();
    type Input = WithBody<schema::ForgottenPassword>;
    type Output = Response;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
