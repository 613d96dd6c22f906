//! `POST /api/v1/auth/logout`: ends this session.
//!
//! - **Caller**: anybody. The session is the one of the refresh token, in the body or, with `X-Grafono-Csrf`, in the cookie,
//!   and the one of the access token, if that is sent. Other sessions go on.
//! - **Writes**: `identity.sessions`, audit. Its access tokens open nothing from the next call on.
//! - **Fails**: not for tokens that are unknown, expired or used up: then there is nothing to end. See [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use super::presented::{CSRF, TokenOrCookie};
use shared::access::PublicUrl;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Response, Route, Success, WithBodyOrNothing};

/// The declaration.
#[derive(Debug)]
pub struct Logout;

impl Endpoint for Logout {
    const NAME: &'static str = "logout";
    const ROUTE: Route = Route::post("/api/v1/auth/logout");
    const POLICY: Policy =
        Policy::public().knows_callers().changes().audits("session.ended", "session").headers(&[CSRF]);
    const SUMMARY: &'static str = "Sign out";
    const DESCRIPTION: &'static str = "Ends the session of the refresh token and of the access token that are sent, \
        whichever of them is. What is no token of an open session is passed over.";
    const SUCCESS: Success = Success::no_content();
    type Parts = PublicUrl;
    type Input = WithBodyOrNothing<TokenOrCookie>;
    type Output = Response;
    type Failure = schema::LogoutFailure;

    async fn handle(
        call: &Call<'_, PublicUrl>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.body.0).await
    }
}
