//! `GET /api/v1/patients/{id}/balance`: what a patient has paid ahead (positive) or owes (negative).
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.balances`, `patients.published_patients`, `identity.published_clinics`; with `asOf` or `explain`
//!   `billing.transfers` instead of the balance. A patient without transactions has 0; an archived one still has a balance.
//! - **Fails**: `PATIENT_NOT_FOUND`, alike for another clinic's and one that never was; `AS_OF_IN_FUTURE`.
//! - **Round trips**: 1.

mod db;
mod handler;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, WithIdAndQuery};

/// The declaration.
#[derive(Debug)]
pub struct GetBalance;

impl Endpoint for GetBalance {
    const NAME: &'static str = "get-balance";
    const ROUTE: Route = Route::get("/api/v1/patients/{id}/balance");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "Read a patient's balance";
    const DESCRIPTION: &'static str = "Positive when the patient is in credit. A patient without transactions has 0; \
        an archived one still has a balance. With `asOf` it is the one of that instant, and with `explain` it says what it is \
        made of.";
    type Parts = ();
    type Input = WithIdAndQuery<schema::BalanceQuery>;
    type Output = Reply<schema::Balance>;
    type Failure = schema::GetBalanceFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        handler::handle(call, input.path.id.into(), &input.query).await
    }
}
