//! `GET /api/v1/sessions`: where the caller is signed in to this clinic.
//!
//! - **Caller**: whoever is signed in.
//! - **Reads**: `identity.sessions`, the newest hundred of the caller's open ones.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, NoInput, Policy, Reply, Route, Success};

/// The declaration.
#[derive(Debug)]
pub struct ListSessions;

impl Endpoint for ListSessions {
    const NAME: &'static str = "list-sessions";
    const ROUTE: Route = Route::get("/api/v1/sessions");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Where the caller is signed in";
    const DESCRIPTION: &'static str =
        "The caller's open sessions in this clinic, newest first, a hundred at most.";
    const SUCCESS: Success = Success::ok().links_to(&[Link::new("/api/v1/sessions/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<Vec<schema::OpenSession>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let mut tx = call.read()?;
        let sessions = tx.add(db::open_sessions(caller, call.now));
        Ok(Reply::ok(tx.commit::<NoFailure>().await?.many(&sessions)?))
    }
}
