//! `GET /api/v1/me`: who the caller is, as of now.
//!
//! - **Does**: answers the caller's clinic, name, role and permissions by the database, not by the token: the next call
//!   shows a change of role.
//! - **Caller**: whoever is signed in.
//! - **Reads**: `identity.memberships`, `identity.accounts`, `identity.clinics`.
//! - **Round trips**: 1.

mod db;
mod handler;
mod logic;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, NoInput, Policy, Reply, Route};

/// The declaration.
#[derive(Debug)]
pub struct GetMe;

impl Endpoint for GetMe {
    const NAME: &'static str = "get-me";
    const ROUTE: Route = Route::get("/api/v1/me");
    const POLICY: Policy = Policy::signed_in().answers_by_now();
    const SUMMARY: &'static str = "Who the caller is";
    const DESCRIPTION: &'static str =
        "By the database of now, not by the token: a change of role shows on the next call.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<schema::Me>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<NoFailure>> {
        handler::handle(call).await
    }
}
