//! `GET /api/v1/jobs/{id}/result`: the parts of a job that has succeeded.
//!
//! - **Caller**: whoever queued the job.
//! - **Reads**: `kernel.jobs`, `kernel.job_parts`; writes an audit row, because the parts may be personal.
//! - **Fails**: `JOB_NOT_FOUND`, `JOB_EXPIRED`, `JOB_NOT_SUCCEEDED`; see [`schema`].
//! - **Round trips**: 1.

mod db;
pub mod schema;

use schema::{GetJobResultFailure, Parts};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetJobResult;

impl Endpoint for GetJobResult {
    const NAME: &'static str = "get-job-result";
    const ROUTE: Route = Route::get("/api/v1/jobs/{id}/result");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Fetch what a job has made";
    const DESCRIPTION: &'static str = "One member for each part of the job, by its name.";
    const SUCCESS: Success = Success::ok();
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Parts>;
    type Failure = GetJobResultFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, owner, id) = (caller.clinic_id, caller.user_id, input.path.id.into());
        let mut tx = call.write()?;
        tx.add(db::ensure_result(clinic, owner, id, call.now));
        tx.add(db::audit_read(call, clinic, owner, id));
        let parts = tx.add(db::parts(clinic, id));
        let parts = tx.commit::<GetJobResultFailure>().await?.one(&parts)?;
        Ok(Reply::ok(parts))
    }
}
