//! `GET /api/v1/receipts`: the clinic's receipts, newest first, page by page.
//!
//! - **Caller**: who holds `receipts:read`.
//! - **Reads**: `billing.receipts` by `(created_at, id)`, of one patient by an index of its own; `billing.transfers`,
//!   `billing.payments` and `billing.refunds` for what became of the money.
//! - **Fails**: `INVALID_CURSOR`, `WINDOW_EMPTY`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
pub mod schema;

use super::Receipt;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListReceipts;

impl Endpoint for ListReceipts {
    const NAME: &'static str = "list-receipts";
    const ROUTE: Route = Route::get("/api/v1/receipts");
    const POLICY: Policy = Policy::requires(crate::READ_RECEIPTS);
    const SUMMARY: &'static str = "List receipts, newest first";
    const DESCRIPTION: &'static str = "With `patientId`, `from` and `to` only those are listed, by the instant at which their \
        money was booked. Send `meta.nextCursor` as `cursor` for the next page, with the same filters.";
    const SUCCESS: Success = Success::page().links_to(&[Link::new("/api/v1/receipts/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<schema::ReceiptsQuery>;
    type Output = Reply<Vec<Receipt>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, query) = (call.principal()?.clinic_id, &input.query);
        let page = query.page();
        let rows = db::receipts_before(clinic, query, &page);
        page.read(call, rows, || db::count_receipts(clinic, query)).await
    }
}
