//! Jobs, for those who wait for them. The slices share the address of a job, and the problems of one that is not there.

pub mod cancel_job;
pub mod get_job;
pub mod get_job_result;

use shared::failure::Problem;

/// This caller has no such job.
pub(crate) const JOB_NOT_FOUND: Problem =
    Problem::new(404, "JOB_NOT_FOUND", "No such job", "You have queued no job with this id.");

/// The job was kept for seven days.
pub(crate) const JOB_EXPIRED: Problem = Problem::new(
    410,
    "JOB_EXPIRED",
    "Job expired",
    "This job and what it made were kept for seven days. Queue it again.",
);
