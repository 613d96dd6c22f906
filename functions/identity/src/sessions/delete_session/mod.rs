//! `DELETE /api/v1/sessions/{id}`: signs the caller out somewhere else, or here.
//!
//! - **Caller**: whoever is signed in; its own sessions alone.
//! - **Writes**: `identity.sessions`, audit. Its access tokens open nothing from the next call on.
//! - **Atomic**: of two requests at once, one gets 404.
//! - **Fails**: `SESSION_NOT_FOUND`, alike for one that is over, somebody else's and an unknown one.
//! - **Round trips**: 1.

mod db;

use http::StatusCode;
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Policy, Response, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct DeleteSession;

failures! {
    /// How ending a session can fail.
    pub enum DeleteSessionFailure {
        /// The caller has no such session, or it is over.
        SessionNotFound = 404 "SESSION_NOT_FOUND", "No such session",
            "You have no open session with this id. List your sessions to see which are open.",
            violates ["session_is_open"];
    }
}

impl Endpoint for DeleteSession {
    const NAME: &'static str = "delete-session";
    const ROUTE: Route = Route::delete("/api/v1/sessions/{id}");
    const POLICY: Policy = Policy::signed_in().changes().audits("session.ended", "session");
    const SUMMARY: &'static str = "Sign out somewhere else";
    const DESCRIPTION: &'static str = "Ends one of the caller's sessions; also the one that asks.";
    const SUCCESS: Success = Success::no_content();
    type Parts = ();
    type Input = WithId;
    type Output = Response;
    type Failure = DeleteSessionFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let id = input.path.id.into();
        let mut tx = call.write()?;
        tx.add(db::end_session(call.principal()?, id, call.now));
        tx.add(call.audit(id)?);
        tx.commit::<DeleteSessionFailure>().await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }
}
