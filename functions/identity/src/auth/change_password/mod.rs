//! `PUT /api/v1/auth/password`: somebody who knows the password replaces it.
//!
//! - **Does**: checks the password, sets the new one, and ends every other session of the account, in all of its clinics, and
//!   every link that was mailed to choose one. The session that asks goes on.
//! - **Caller**: whoever is signed in.
//! - **Reads**: the caller's account, its names and its clinics'.
//! - **Writes**: `identity.accounts`, `identity.sessions`, `identity.password_resets`, audit.
//! - **Atomic**: all of it, or nothing. The password that was checked is still the account's when it is replaced: of two
//!   changes at once, one gets `PASSWORD_WRONG`, or has no session any more.
//! - **Fails**: `PASSWORD_WRONG`; `COMMON_PASSWORD`, by the rules of signing up.
//! - **Round trips**: 2; its limit goes with the first. The password is matched and hashed in Rust.

mod db;
mod handler;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, RateClass, Response, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// How often a member may try, so that nobody guesses the password with a token that was left open; the right one gives the try
/// back.
const PASSWORD: Rule = Rule::new("password", 5, 15 * 60, Of::Named);

/// The declaration.
#[derive(Debug)]
pub struct ChangePassword;

impl Endpoint for ChangePassword {
    const NAME: &'static str = "change-password";
    const ROUTE: Route = Route::put("/api/v1/auth/password");
    const POLICY: Policy = Policy::signed_in()
        .changes()
        .audits("account.password_changed", "account")
        .hashes_passwords()
        .limit(RateClass::Strict(&[PASSWORD], Asked::WithTheFirstRead))
        .round_trips(2);
    const SUMMARY: &'static str = "Change the password";
    const DESCRIPTION: &'static str =
        "Takes the password of now along. Every other session of the account ends, in all of its clinics.";
    const SUCCESS: Success = Success::no_content();
    type Parts = ();
    type Input = WithBody<schema::PasswordChange>;
    type Output = Response;
    type Failure = schema::ChangePasswordFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
