//! `GET /api/v1/jobs/{id}`: the state of queued work.
//!
//! - **Caller**: whoever queued the job.
//! - **Reads**: `kernel.jobs`. States only move forward: queued, running, then succeeded, failed or cancelled.
//! - **Fails**: `JOB_NOT_FOUND`, alike for somebody else's job and an unknown one; `JOB_EXPIRED` after seven days,
//!   until housekeeping has deleted the job: then it is unknown.
//! - **Round trips**: 1.

use shared::background::jobs::{self, Job};
use shared::failure::Error;
use shared::failures;
use shared::http::{Call, Endpoint, Link, Policy, Reply, Route, Success, WithId};

/// The declaration.
#[derive(Debug)]
pub struct GetJob;

failures! {
    /// How asking for a job can fail.
    pub enum GetJobFailure {
        /// The caller has no such job.
        JobNotFound = crate::jobs::JOB_NOT_FOUND;
        /// It was kept for seven days.
        JobExpired = crate::jobs::JOB_EXPIRED;
    }
}

impl Endpoint for GetJob {
    const NAME: &'static str = "get-job";
    const ROUTE: Route = Route::get("/api/v1/jobs/{id}");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Ask where queued work is";
    const DESCRIPTION: &'static str = "A job is queued, then running, then it has succeeded, failed or was cancelled; it \
        never goes back. `result` is there once it has succeeded.";
    const SUCCESS: Success = Success::ok().links_to(&[Link::new("/api/v1/jobs/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithId;
    type Output = Reply<Job>;
    type Failure = GetJobFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let mut tx = call.read()?;
        let handle = tx.add(jobs::job(caller.clinic_id, caller.user_id, input.path.id.into()));
        let found = tx.commit::<GetJobFailure>().await?.optional(&handle)?;
        let job = found.ok_or(GetJobFailure::JobNotFound)?;
        if job.expires_at <= call.now {
            return Err(GetJobFailure::JobExpired.into());
        }
        Ok(Reply::ok(job))
    }
}
