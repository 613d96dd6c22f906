//! `GET /api/v1/payments`: the clinic's payments, newest first, page by page.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.payments` by `(created_at, id)`, of one patient or in one state if asked, and `billing.receipts`. A
//!   payment made while others page stands before the pages still to come.
//! - **Fails**: `INVALID_CURSOR`, also for a cursor of other filters; query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
pub mod schema;

use super::Payment;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListPayments;

impl Endpoint for ListPayments {
    const NAME: &'static str = "list-payments";
    const ROUTE: Route = Route::get("/api/v1/payments");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "List payments, newest first";
    const DESCRIPTION: &'static str = "With `patientId`, `status`, `from` and `to` only those are listed; a payment is of the \
        instant at which it was asked for. Send `meta.nextCursor` as `cursor` for the next page, with the same filters.";
    const SUCCESS: Success = Success::page().links_to(&[Link::new("/api/v1/payments/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<schema::PaymentsQuery>;
    type Output = Reply<Vec<Payment>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, query) = (call.principal()?.clinic_id, &input.query);
        let page = query.page();
        page.read(call, db::payments_before(clinic, query, &page), || db::count_payments(clinic, query)).await
    }
}
