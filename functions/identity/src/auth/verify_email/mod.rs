//! `POST /api/v1/auth/verify-email`: whoever read the mail proves that the address is theirs.
//!
//! - **Does**: takes the token of the link, and notes that the account's address is verified.
//! - **Caller**: anybody who has the token.
//! - **Writes**: `identity.email_verifications`, `identity.accounts`, audit.
//! - **Atomic**: all of it, or nothing. Of two requests at once one verifies the address; the other, and every later
//!   one, is answered the same and changes nothing: people open a link, and mail scanners open it before them.
//! - **Fails**: `VERIFICATION_NOT_FOUND` alike for an unknown token and a malformed one; `VERIFICATION_EXPIRED` for a
//!   token that was not used within 24 hours. Thirty days later housekeeping deletes the token: then it is unknown.
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct VerifyEmail;

impl Endpoint for VerifyEmail {
    const NAME: &'static str = "verify-email";
    const ROUTE: Route = Route::post("/api/v1/auth/verify-email");
    const POLICY: Policy = Policy::public().audits("account.email_verified", "account");
    const SUMMARY: &'static str = "Confirm an e-mail address";
    const DESCRIPTION: &'static str = "Takes the token of the link that was mailed at sign-up. It may be sent again: \
        the first time counts, and every time is answered alike.";
    type Parts = ();
    type Input = WithBody<schema::EmailToken>;
    type Output = Reply<schema::VerifiedEmail>;
    type Failure = schema::VerifyEmailFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
