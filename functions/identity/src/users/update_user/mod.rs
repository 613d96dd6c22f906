//! `PATCH /api/v1/users/{id}`: what one of the clinic's people is called, what the person is, and whether the person may do
//! anything, by merge patch (RFC 7396).
//!
//! - **Does**: a change of role or status raises the member's access version, so that access tokens from before are 401
//!   `ACCESS_CHANGED` at the next call. Disabling ends the member's open sessions, too; enabling again opens none. Whoever may
//!   not invite any more has invited nobody: the open invitations are withdrawn.
//! - **Caller**: who holds `users:write`, with the version it read in `If-Match` (428 without, 412 when stale).
//! - **Writes**: `identity.memberships`, `identity.sessions`, `identity.invitations`, audit: `user.updated`, and `user.disabled` beside it where it
//!   was that. A patch that says what is there already writes nothing, and neither does `{}`.
//! - **Atomic**: all of it, or nothing. Of two writers on one version, one gets 412. Whoever changes a role or a status takes
//!   the clinic's active owners first, and is admitted once more behind them: of two owners who take each other's role away,
//!   one does, and the other one is no owner any more.
//! - **Fails**: `USER_NOT_FOUND`, `OWNER_REQUIRED`, `CANNOT_DISABLE_ONESELF`, `LAST_OWNER_STAYS`, field rules; see [`schema`].
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use super::Member;
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithIdAndBody};

/// The declaration.
#[derive(Debug)]
pub struct UpdateUser;

impl Endpoint for UpdateUser {
    const NAME: &'static str = "update-user";
    const ROUTE: Route = Route::patch("/api/v1/users/{id}");
    const POLICY: Policy = Policy::requires(crate::WRITE_USERS)
        .if_match()
        .idempotency(Idempotency::Accepted)
        .audits("user.updated", "user");
    const SUMMARY: &'static str = "Rename one of the clinic's people, change the role, disable or enable";
    const DESCRIPTION: &'static str = "A merge patch (RFC 7396): an absent field stays as it is, and none can be cleared. With \
        another role or status the person's access tokens end at once; who is disabled has no session any more. Only owners \
        make or change owners, and one active owner stays. A patch with nothing new changes nothing: the version and its ETag \
        stay.";
    const SUCCESS: Success = Success::ok().etag().links_to(&[Link::new("/api/v1/users/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithIdAndBody<schema::MemberPatch>;
    type Output = Reply<Member>;
    type Failure = schema::UpdateUserFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), input.body.0).await
    }
}
