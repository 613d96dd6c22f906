//! `GET /api/v1/patients/{id}/transactions`: a patient's transactions, newest first, page by page.
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.transfers` by the patient's `(created_at, id)`, `billing.receipts`, `patients.published_patients`. An
//!   archived patient's are listed, too.
//! - **Fails**: `PATIENT_NOT_FOUND`, alike for another clinic's and one that never was; `INVALID_CURSOR`, also for another
//!   patient's; `WINDOW_EMPTY`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
pub mod schema;

use super::listing::{count_transactions, transactions_before};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithIdAndQuery};
use uuid::Uuid;

/// The declaration.
#[derive(Debug)]
pub struct ListPatientTransactions;

impl Endpoint for ListPatientTransactions {
    const NAME: &'static str = "list-patient-transactions";
    const ROUTE: Route = Route::get("/api/v1/patients/{id}/transactions");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "List a patient's transactions, newest first";
    const DESCRIPTION: &'static str = "In the order in which the balance moved, each with the balance just after it; with `type`, \
        `from` and `to` only those, by the instant at which they were recorded. An archived patient's are listed, too. Send \
        `meta.nextCursor` as `cursor` for the next page of the same patient, with the same filters.";
    const SUCCESS: Success =
        Success::page().links_to(&[Link::new("/api/v1/transactions/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithIdAndQuery<schema::PatientTransactionsQuery>;
    type Output = Reply<Vec<schema::PatientTransaction>>;
    type Failure = schema::ListPatientTransactionsFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, patient) = (call.principal()?.clinic_id, Uuid::from(input.path.id));
        let (page, chosen) = (input.query.page(patient), input.query.chosen(Some(patient)));
        let found = (db::patient(clinic, patient), schema::ListPatientTransactionsFailure::PatientNotFound);
        let rows = transactions_before(clinic, &chosen, &page);
        page.read_of(call, found, rows, || count_transactions(clinic, &chosen)).await
    }
}
