//! `POST /api/v1/auth/password-resets`: somebody who forgot the password asks for a link.
//!
//! - **Does**: notes the address, and announces it. Whether it has an account is found out by `mail-password-reset`, after
//!   the reply: the same is done and answered for every address, in the same time.
//! - **Caller**: anybody.
//! - **Writes**: `identity.password_reset_requests`, outbox (`account.password_reset_requested`, of no clinic).
//! - **Round trips**: 2: its limits are asked first. No rollback may give back what they took.

mod db;
mod handler;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Policy, RateClass, Response, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// What is mailed to one e-mail address, whether it has an account or not.
const RESET: Rule = Rule::new("password-reset", 3, 3_600, Of::Named).untold();

/// What one address of the network may ask for.
const RESET_ADDRESS: Rule = Rule::new("password-reset-address", 10, 3_600, Of::Address);

/// The declaration.
#[derive(Debug)]
pub struct RequestPasswordReset;

impl Endpoint for RequestPasswordReset {
    const NAME: &'static str = "request-password-reset";
    const ROUTE: Route = Route::post("/api/v1/auth/password-resets");
    const POLICY: Policy = Policy::public()
        .announces()
        .limit(RateClass::Strict(&[RESET, RESET_ADDRESS], Asked::First))
        .round_trips(2);
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
