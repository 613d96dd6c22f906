//! What comes in and how it fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Id;
use validator::Validate;

/// `{id}` of the path. Its example is not that of a job which has succeeded.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct JobToCancel {
    /// The job.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8058")]
    pub id: Id,
}

impl Fields for JobToCancel {}

failures! {
    /// How calling a job off can fail.
    pub enum CancelJobFailure {
        /// The caller has no such job.
        JobNotFound = crate::jobs::JOB_NOT_FOUND, violates ["job_exists"];
        /// It was kept for seven days.
        JobExpired = crate::jobs::JOB_EXPIRED, violates ["job_not_expired"];
        /// It has ended.
        JobFinished = 409 "JOB_FINISHED", "Job finished",
            "This job has succeeded or failed, so there is nothing left to cancel.", violates ["job_not_finished"];
    }
}
