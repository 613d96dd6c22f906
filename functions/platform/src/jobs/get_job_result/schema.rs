//! What goes out and how it fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::failures;
use std::collections::BTreeMap;

/// The parts of a job by their names. Which there are, and what is in them, the endpoint that queued it says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Parts(
    #[schemars(example = BTreeMap::from([("patients", Value::Null)]))] pub BTreeMap<String, Value>,
);

failures! {
    /// How fetching what a job has made can fail.
    pub enum GetJobResultFailure {
        /// The caller has no such job.
        JobNotFound = crate::jobs::JOB_NOT_FOUND, violates ["job_exists"];
        /// It was kept for seven days.
        JobExpired = crate::jobs::JOB_EXPIRED, violates ["job_not_expired"];
        /// It has not ended well, or not yet.
        JobNotSucceeded = 409 "JOB_NOT_SUCCEEDED", "Job not succeeded",
            "There is a result once the job has succeeded. Ask GET /api/v1/jobs/{id} where it is.",
            violates ["job_succeeded"];
    }
}
