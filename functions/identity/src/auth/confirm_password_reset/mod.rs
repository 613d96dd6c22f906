//! `POST /api/v1/auth/password-resets/confirm`: whoever reads the account's mail chooses a new password.
//!
//! - **Does**: takes the token of the link, sets the password, and ends every session of the account, in all of its clinics.
//!   The address is confirmed by it: the link was mailed there.
//!   No session begins: the link proves who reads the mail, and signing in asks for whatever else it asks for.
//! - **Caller**: anybody who has the token.
//! - **Reads**: the token's account, its names and its clinics'.
//! - **Writes**: `identity.accounts`, `identity.password_resets`, `identity.sessions`; audit, in each clinic of the account.
//! - **Atomic**: all of it, or nothing. Of two at once with one token, one sets its password.
//! - **Fails**: `PASSWORD_RESET_NOT_FOUND`, alike for an unknown token and a malformed one; `PASSWORD_RESET_EXPIRED` for one
//!   that was used, is 30 minutes old, or has a newer one; `COMMON_PASSWORD`. None of them hashes anything.
//! - **Round trips**: 2. Whether the token is good is known before the password is hashed, and asked again with the change.

mod db;
mod handler;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Response, Route, Success, WithBody};

/// The declaration.
#[derive(Debug)]
pub struct ConfirmPasswordReset;

impl Endpoint for ConfirmPasswordReset {
    const NAME: &'static str = "confirm-password-reset";
    const ROUTE: Route = Route::post("/api/v1/auth/password-resets/confirm");
    const POLICY: Policy = Policy::public()
        .changes()
        .audits("account.password_reset", "account")
        .hashes_passwords()
        .round_trips(2);
    const SUMMARY: &'static str = "Choose a new password by a mailed link";
    const DESCRIPTION: &'static str = "Takes the token of the link, once. Every session of the account ends, in all of its \
        clinics; sign in with the new password.";
    const SUCCESS: Success = Success::no_content();
    type Parts = ();
    type Input = WithBody<schema::NewPassword>;
    type Output = Response;
    type Failure = schema::ConfirmPasswordResetFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
