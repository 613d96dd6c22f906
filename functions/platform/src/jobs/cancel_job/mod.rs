//! `POST /api/v1/jobs/{id}/cancel`: calls queued work off.
//!
//! - **Caller**: whoever queued it.
//! - **Writes**: `kernel.jobs`, audit. Parts made so far are not handed out; later consumers add nothing.
//! - **Atomic**: of a cancellation and the last part at the same time one wins, and the other changes nothing.
//! - **Fails**: `JOB_NOT_FOUND`, `JOB_EXPIRED`, and `JOB_FINISHED` for a job that has succeeded or failed. A job that
//!   was cancelled before is answered as it is.
//! - **Round trips**: 1.

mod db;
pub mod schema;

use schema::CancelJobFailure;
use shared::background::jobs::{self, Job};
use shared::failure::Error;
use shared::http::{Call, Endpoint, Idempotency, Link, Policy, Reply, Route, Success, WithPath};

/// The declaration.
#[derive(Debug)]
pub struct CancelJob;

impl Endpoint for CancelJob {
    const NAME: &'static str = "cancel-job";
    const ROUTE: Route = Route::post("/api/v1/jobs/{id}/cancel");
    const POLICY: Policy =
        Policy::signed_in().idempotency(Idempotency::Accepted).audits("job.cancelled", "job");
    const SUMMARY: &'static str = "Cancel queued work";
    const DESCRIPTION: &'static str = "What was made so far is not handed out. Cancelling twice is fine.";
    const SUCCESS: Success = Success::ok().links_to(&[Link::new("/api/v1/jobs/{id}", "/data/id")]);
    type Parts = ();
    type Input = WithPath<schema::JobToCancel>;
    type Output = Reply<Job>;
    type Failure = CancelJobFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, owner, id) = (caller.clinic_id, caller.user_id, input.path.id.into());
        let mut tx = call.write()?;
        tx.add(db::ensure_job(clinic, owner, id, call.now));
        tx.add(db::cancel_job(clinic, id, call.now));
        tx.add(db::ensure_cancelled(clinic, id));
        tx.add(call.audit(id)?);
        let stored = tx.commit_with_reply::<_, CancelJobFailure>(jobs::job(clinic, owner, id)).await?;
        Ok(Reply::ok(stored.data).replayed(stored.replayed))
    }
}
