//! `POST /api/v1/auth/invitations/accept`: whoever reads the mail of an invitation becomes a member of the clinic.
//!
//! - **Does**: takes the token of the link, makes the account with the password given, or joins the one that has the
//!   address, and the membership; signs the member in. The address is confirmed by it: the link was mailed there.
//! - **Caller**: anybody who has the token. Where the address has an account, its password is asked for: no invitation
//!   sets one. An account that nobody confirmed within a day gives way to whoever has the link and another password, as at
//!   a sign-up; by its own password it joins, and is confirmed.
//! - **Reads**: `identity.invitations`, `identity.memberships`, `identity.clinics`, `identity.accounts`.
//! - **Writes**: `identity.invitations`, `identity.accounts`, `identity.memberships`, `identity.sessions`,
//!   `identity.refresh_tokens`, audit; after a wrong password `session.refused`, in each clinic of the account.
//! - **Atomic**: all of it, or nothing. Of eight at once with one token, one is in.
//! - **Fails**: `INVITATION_NOT_FOUND`, alike for an unknown token and a malformed one; `INVITATION_EXPIRED` for one that was
//!   used, withdrawn or replaced, is seven days old, or is of somebody who may not invite any more; `ACCOUNT_EXISTS`;
//!   `COMMON_PASSWORD`.
//! - **Limits**: tries of a token, and of an address: an account's password can be tried here, too. Where none was tried, the
//!   try is given back.
//! - **Round trips**: 2; the limits go with the first. What the password is for is known before it is hashed.

mod db;
mod handler;
pub mod schema;

use crate::auth::session::Session;
use shared::access::TokenSigner;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, RateClass, Reply, Route, Success, WithBody};
use shared::limits::{Asked, Of, Rule};

/// How often a link may be tried.
const ACCEPT: Rule = Rule::new("accept", 10, 3_600, Of::Named);

/// What one address may try.
const ACCEPT_ADDRESS: Rule = Rule::new("accept-address", 20, 60, Of::Address);

/// The declaration.
#[derive(Debug)]
pub struct AcceptInvitation;

impl Endpoint for AcceptInvitation {
    const NAME: &'static str = "accept-invitation";
    const ROUTE: Route = Route::post("/api/v1/auth/invitations/accept");
    const POLICY: Policy = Policy::public()
        .signs_up()
        .audits("invitation.accepted", "invitation")
        .hashes_passwords()
        .limit(RateClass::Strict(&[ACCEPT, ACCEPT_ADDRESS], Asked::WithTheFirstRead))
        .round_trips(2);
    const SUMMARY: &'static str = "Accept an invitation";
    const DESCRIPTION: &'static str = "Takes the token of the link, once. Somebody new chooses a password; somebody who has an \
        account with the invited address gives its password. Answers tokens, as signing in does.";
    const SUCCESS: Success = Success::created_here();
    type Parts = TokenSigner;
    type Input = WithBody<schema::Acceptance>;
    type Output = Reply<Session>;
    type Failure = schema::AcceptInvitationFailure;

    async fn handle(
        call: &Call<'_, TokenSigner>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
