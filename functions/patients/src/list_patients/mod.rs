//! `GET /api/v1/patients`: the clinic's patients, newest first, page by page.
//!
//! - **Caller**: who holds `patients:read`.
//! - **Reads**: `patients.patients` by `(created_at, id)`; archived ones are left out. A patient added while
//!   somebody pages stands before the pages still to come, so nobody comes twice and nobody is skipped.
//! - **Fails**: `INVALID_CURSOR`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;
pub mod schema;

use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, PageQuery, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListPatients;

impl Endpoint for ListPatients {
    const NAME: &'static str = "list-patients";
    const ROUTE: Route = Route::get("/api/v1/patients");
    const POLICY: Policy = Policy::requires(crate::READ_PATIENTS).shows_people("patient.listed");
    const SUMMARY: &'static str = "List patients, newest first";
    const DESCRIPTION: &'static str = "Archived patients are left out. Send `meta.nextCursor` as `cursor` for the next page; \
        whoever is added meanwhile is neither repeated nor in the way.";
    const SUCCESS: Success = Success::page().links_to(&[Link::new("/api/v1/patients/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<PageQuery<schema::PatientItem>>;
    type Output = Reply<Vec<schema::PatientItem>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, page) = (call.principal()?.clinic_id, &input.query);
        let rows = db::patients_before(clinic, page);
        let reply = page.read(call, rows, || db::count_patients(clinic)).await?;
        call.shows(reply.data().iter().map(|patient| patient.id).collect())?;
        Ok(reply)
    }
}
