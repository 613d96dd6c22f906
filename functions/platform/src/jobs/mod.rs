//! Jobs, for those who wait for them. What its slices share: the address of a job.

pub mod cancel_job;
pub mod get_job;
pub mod get_job_result;

use schemars::JsonSchema;
use serde::Deserialize;
use shared::http::Fields;
use shared::validation::Id;
use validator::Validate;

/// `{id}` of the path.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct JobPath {
    /// The job.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Id,
}

impl Fields for JobPath {}
