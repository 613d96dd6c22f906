//! `GET /api/v1/invitations`: the clinic's open invitations, newest first, page by page.
//!
//! - **Caller**: who holds `users:read`.
//! - **Reads**: `identity.invitations` by `(created_at, id)`, `identity.memberships`: those that would be taken now, so none
//!   of somebody who may not invite any more.
//! - **Fails**: `INVALID_CURSOR`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;

use super::Invitation;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, PageQuery, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListInvitations;

impl Endpoint for ListInvitations {
    const NAME: &'static str = "list-invitations";
    const ROUTE: Route = Route::get("/api/v1/invitations");
    const POLICY: Policy = Policy::requires(crate::READ_USERS);
    const SUMMARY: &'static str = "List the open invitations, newest first";
    const DESCRIPTION: &'static str =
        "What was accepted, withdrawn or replaced, or is older than seven days, is not listed.";
    const SUCCESS: Success = Success::page().links_to(&[Link::new("/api/v1/invitations/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<PageQuery<Invitation>>;
    type Output = Reply<Vec<Invitation>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, page) = (call.principal()?.clinic_id, &input.query);
        let rows = db::invitations_before(clinic, page, call.now);
        page.read(call, rows, || db::count_invitations(clinic, call.now)).await
    }
}
