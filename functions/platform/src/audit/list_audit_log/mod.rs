//! `GET /api/v1/audit-log`: who did what in the clinic, newest first, page by page.
//!
//! - **Caller**: who holds `audit:read`.
//! - **Reads**: `kernel.audit_log` by `(created_at, id)`, within 31 days at most; with `actorId`, `subject` or `about` by an
//!   index of theirs. What is written while others page stands before the pages still to come, or among them where it is of
//!   the same microsecond.
//! - **Fails**: `WINDOW_EMPTY`, `WINDOW_TOO_LONG`, `INVALID_SUBJECT`, `INVALID_CURSOR`, also for a cursor of other filters;
//!   query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
mod logic;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListAuditLog;

impl Endpoint for ListAuditLog {
    const NAME: &'static str = "list-audit-log";
    const ROUTE: Route = Route::get("/api/v1/audit-log");
    const POLICY: Policy = Policy::requires(super::READ_AUDIT_LOG);
    const SUMMARY: &'static str = "List who did what, newest first";
    const DESCRIPTION: &'static str = "What happened from `from` on and before `to`, 31 days at most: where one of them is given, \
        31 days from it, and where neither is, the last 31 until now. Send `meta.nextCursor` as `cursor` for the next page, with \
        the same filters.";
    const SUCCESS: Success = Success::page();
    type Parts = ();
    type Input = WithQuery<schema::AuditQuery>;
    type Output = Reply<Vec<schema::AuditEntry>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, query) = (call.principal()?.clinic_id, &input.query);
        let (page, window) = (query.page(), query.window(call.now));
        let rows = db::entries_before(clinic, query, &window, &page);
        page.read(call, rows, || db::count_entries(clinic, query, &window)).await
    }
}
