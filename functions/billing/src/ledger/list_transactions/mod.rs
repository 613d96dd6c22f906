//! `GET /api/v1/transactions`: the clinic's transactions, newest first, page by page.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.transfers` by `(created_at, id)`, of one patient or one type by an index of its own;
//!   `billing.receipts`.
//! - **Fails**: `INVALID_CURSOR`, `WINDOW_EMPTY`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

pub mod schema;

use super::listing::{count_transactions, transactions_before};
use super::transaction::Transaction;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListTransactions;

impl Endpoint for ListTransactions {
    const NAME: &'static str = "list-transactions";
    const ROUTE: Route = Route::get("/api/v1/transactions");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "List transactions, newest first";
    const DESCRIPTION: &'static str = "With `patientId`, `type`, `from` and `to` only those are listed, by the instant at which \
        they were recorded. A patient's are in the order in which the balance moved. Send `meta.nextCursor` as `cursor` for the \
        next page, with the same filters.";
    const SUCCESS: Success =
        Success::page().links_to(&[Link::new("/api/v1/transactions/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<schema::TransactionsQuery>;
    type Output = Reply<Vec<Transaction>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, query) = (call.principal()?.clinic_id, &input.query);
        let (page, chosen) = (query.page(), query.chosen());
        let rows = transactions_before(clinic, &chosen, &page);
        page.read(call, rows, || count_transactions(clinic, &chosen)).await
    }
}
