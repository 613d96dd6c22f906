//! `GET /api/v1/patients/{id}/balance`: what a patient has paid ahead (positive) or owes (negative).
//!
//! - **Caller**: who holds `transactions:read`.
//! - **Reads**: `billing.balances`, `patients.published_patients`, `identity.published_clinics`. A patient without
//!   transactions has 0; an archived one still has a balance.
//! - **Fails**: `PATIENT_NOT_FOUND`, alike for another clinic's and one that never was.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetBalance;

impl Endpoint for GetBalance {
    const NAME: &'static str = "get-balance";
    const ROUTE: Route = Route::get("/api/v1/patients/{id}/balance");
    const POLICY: Policy = Policy::requires(crate::READ_TRANSACTIONS);
    const SUMMARY: &'static str = "Read a patient's balance";
    const DESCRIPTION: &'static str = "Positive when the patient is in credit. A patient without transactions has 0; \
        an archived one still has a balance.";
    type Parts = ();
    type Input = WithId;
    type Output = Reply<schema::Balance>;
    type Failure = schema::GetBalanceFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let handle = tx.add(db::balance(call.principal()?.clinic_id, input.path.id.into()));
        let found = tx.commit::<schema::GetBalanceFailure>().await?.optional(&handle)?;
        let (balance_minor, currency) = found.ok_or(schema::GetBalanceFailure::PatientNotFound)?;
        Ok(Reply::ok(schema::Balance { balance_minor, currency, as_of: call.now }))
    }
}
