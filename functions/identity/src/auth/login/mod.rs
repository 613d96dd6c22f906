//! `POST /api/v1/auth/login`: an account signs in to one of its clinics.
//!
//! - **Does**: checks the password, opens a session, and answers its tokens; to browsers that ask for it in cookies.
//! - **Caller**: anybody.
//! - **Reads**: `identity.accounts` (no tenant data), then the account's own memberships and their clinics.
//! - **Writes**: `identity.sessions`, `identity.refresh_tokens`; audit, in the clinic signed in to, or, after a wrong password, in each clinic of the account, with the
//!   address that the request came from. An unknown address is a line of the log, with its hash.
//! - **Fails**: `INVALID_CREDENTIALS` alike for an unknown address and a wrong password, at the same cost;
//!   `CLINIC_REQUIRED` (with the list) when the account has several clinics and none was named; `CLINIC_NOT_FOUND`;
//!   `NO_ACTIVE_MEMBERSHIP`.
//! - **Limits**: a try is taken before the password is looked at, and given back by the right one: five tries at once count
//!   five. A device on which somebody has signed in to the account has a bucket of its own, so that nobody who guesses
//!   elsewhere keeps its people out. Unknown addresses have buckets as well.
//!   It is known by a sign-in with the password of now: one from before a change has the tries of all others.
//! - **Round trips**: 2; the limits go with the first, and once more where a device is not known any more. Nothing of a tenant may be read before the password matched, and it is matched in Rust.

mod db;
mod handler;
mod logic;
pub mod schema;

use super::session::Session;
use shared::access::{TokenSigner, TokenVerifier};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, RateClass, Reply, Route, WithBody};
use shared::limits::{Asked, Of, Rule};

/// How often a password may be tried: on a device that is known by an account, and by all other devices together. Nobody
/// is told what is left: it would say what others try.
const LOGIN: Rule = Rule::new("login", 5, 15 * 60, Of::Named).untold();

/// What one address may try.
const LOGIN_ADDRESS: Rule = Rule::new("login-address", 20, 60, Of::Address);

/// The declaration.
#[derive(Debug)]
pub struct Login;

impl Endpoint for Login {
    const NAME: &'static str = "login";
    const ROUTE: Route = Route::post("/api/v1/auth/login");
    const POLICY: Policy = Policy::public()
        .issues_tokens()
        .audits("session.started", "account")
        .hashes_passwords()
        .limit(RateClass::Strict(&[LOGIN, LOGIN_ADDRESS], Asked::WithTheFirstRead))
        .round_trips(2);
    const SUMMARY: &'static str = "Sign in";
    const DESCRIPTION: &'static str = "Answers an access token for one of the account's clinics. \
        An account with several is asked which one: 409 lists them. An unknown address and a wrong password are \
        answered alike.";
    type Parts = (TokenSigner, TokenVerifier);
    type Input = WithBody<schema::Credentials>;
    type Output = Reply<Session>;
    type Failure = schema::LoginFailure;

    async fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
