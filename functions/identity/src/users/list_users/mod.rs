//! `GET /api/v1/users`: the people of the clinic, newest first, page by page.
//!
//! - **Caller**: who holds `users:read`.
//! - **Reads**: `identity.memberships` by `(created_at, id)`, `identity.accounts`; disabled members too, unless `status`
//!   says otherwise. Somebody added while others page stands before the pages still to come.
//! - **Fails**: `INVALID_CURSOR`, also for a cursor of other filters; query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
pub mod schema;

use super::Member;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListUsers;

impl Endpoint for ListUsers {
    const NAME: &'static str = "list-users";
    const ROUTE: Route = Route::get("/api/v1/users");
    const POLICY: Policy = Policy::requires(crate::READ_USERS);
    const SUMMARY: &'static str = "List the people of the clinic, newest first";
    const DESCRIPTION: &'static str = "With `status` and `role` only those are listed. Send `meta.nextCursor` as `cursor` for \
        the next page, with the same filters.";
    const SUCCESS: Success = Success::page().links_to(&[Link::new("/api/v1/users/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<schema::UsersQuery>;
    type Output = Reply<Vec<Member>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, query) = (call.principal()?.clinic_id, &input.query);
        let page = query.page();
        page.read(call, db::members_before(clinic, query, &page), || db::count_members(clinic, query)).await
    }
}
