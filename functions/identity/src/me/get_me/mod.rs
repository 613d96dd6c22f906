//! `GET /api/v1/me`: who the caller is, as of now.
//!
//! - **Does**: answers the caller's clinic, name, role and permissions by the database, not by the token: the next call
//!   shows a change of role.
//! - **Caller**: whoever is signed in.
//! - **Reads**: `identity.memberships`, `identity.accounts`, `identity.clinics`.
//! - **Fails**: `USER_DISABLED` (401) when the membership ended after the token was issued.
//! - **Round trips**: 1.

mod db;
mod handler;
mod logic;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, NoInput, Policy, Reply, Route};

/// The declaration.
#[derive(Debug)]
pub struct GetMe;

impl Endpoint for GetMe {
    const NAME: &'static str = "get-me";
    const ROUTE: Route = Route::get("/api/v1/me");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Who the caller is";
    const DESCRIPTION: &'static str =
        "By the database of now, not by the token: a change of role shows on the next call.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<schema::Me>;
    type Failure = schema::GetMeFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call).await
    }
}
