//! `GET /api/v1/users/{id}`: one of the clinic's people.
//!
//! - **Caller**: who holds `users:read`.
//! - **Reads**: `identity.memberships`, `identity.accounts`; a disabled member is answered, too. The version is the `ETag`;
//!   `If-None-Match` gives 304.
//! - **Fails**: `USER_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

use super::member::{Member, USER_NOT_FOUND, member};
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetUser;

failures! {
    /// How reading a member can fail.
    pub enum GetUserFailure {
        /// This clinic has no such member.
        UserNotFound = USER_NOT_FOUND;
    }
}

impl Endpoint for GetUser {
    const NAME: &'static str = "get-user";
    const ROUTE: Route = Route::get("/api/v1/users/{id}");
    const POLICY: Policy = Policy::requires(crate::READ_USERS);
    const SUMMARY: &'static str = "Read one of the clinic's people";
    const SUCCESS: Success = Success::ok().etag().links_to(&[Link::new("/api/v1/users/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Member>;
    type Failure = GetUserFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(member(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<GetUserFailure>().await?.optional(&handle)?;
        let member = found.ok_or(GetUserFailure::UserNotFound)?;
        let version = member.version;
        Ok(Reply::ok(member).version(version))
    }
}
