//! `GET /api/v1/jobs/{id}/result`: the parts of a job that has succeeded.
//!
//! - **Caller**: whoever queued the job.
//! - **Answers**: the parts, or, above a mebibyte, a link to a file with them, made anew by each request.
//! - **Reads**: `kernel.jobs`, `kernel.job_parts`; writes an audit row, because the parts may be personal.
//! - **Fails**: `JOB_NOT_FOUND`, `JOB_EXPIRED`, `JOB_NOT_SUCCEEDED`; see [`schema`].
//! - **Round trips**: 1.

mod db;
pub mod schema;

use bytes::Bytes;
use schema::{GetJobResultFailure, Parts};
use shared::external::{FileKey, FileLink, FileStore};
use shared::failure::{Error, Fault};
use shared::http::{Call, Endpoint, HereOrElsewhere, Policy, Reply, Route, Success, WithId};
use shared::validation::Text;
use std::time::Duration;

/// The most bytes of a result in a reply: a function may answer six million, in an envelope and perhaps in base64.
const LARGEST_REPLY: usize = 1024 * 1024;

/// How long a link is good.
const GOOD_FOR: Duration = Duration::from_mins(5);

/// The declaration.
#[derive(Debug)]
pub struct GetJobResult;

impl Endpoint for GetJobResult {
    const NAME: &'static str = "get-job-result";
    const ROUTE: Route = Route::get("/api/v1/jobs/{id}/result");
    const POLICY: Policy = Policy::signed_in().audits("job_result.read", "job");
    const SUMMARY: &'static str = "Fetch what a job has made";
    const DESCRIPTION: &'static str = "One member for each part of the job, by its name. More than a mebibyte of it is a \
        file: the reply leads there (303), by a link that is good for five minutes and for whoever has it.";
    const SUCCESS: Success = Success::ok().or_elsewhere();
    type Parts = FileStore;
    type Input = WithId;
    type Output = HereOrElsewhere<Parts>;
    type Failure = GetJobResultFailure;

    async fn handle(
        call: &Call<'_, FileStore>,
        input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        let caller = call.principal()?;
        let (clinic, owner, id) = (caller.clinic_id, caller.user_id, input.path.id.into());
        let mut tx = call.write()?;
        tx.add(db::ensure_result(clinic, owner, id, call.now));
        tx.add(db::audit_read(call, clinic, owner, id)?);
        let parts = tx.add(db::parts(clinic, id));
        let parts = tx.commit::<GetJobResultFailure>().await?.one(&parts)?;
        let whole = serde_json::to_vec(&parts).map_err(|_| Fault::internal("a result cannot be written"))?;
        if whole.len() <= LARGEST_REPLY {
            return Ok(HereOrElsewhere::Here(Reply::ok(parts)));
        }
        let key = FileKey { kind: "results", clinic, id };
        call.parts.put(key, "application/json", Bytes::from(whole), call.deadline).await?;
        let link = FileLink { key, media_type: "application/json", from: call.now, lifetime: GOOD_FOR };
        let name = Text::try_from(format!("{id}.json")).unwrap_or_default();
        Ok(HereOrElsewhere::Elsewhere(call.parts.to_fetch(&link, &name).await?))
    }
}
