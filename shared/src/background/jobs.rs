//! Jobs: queued work that somebody waits for (E5).
//!
//! An endpoint queues a job with an event for each consumer that has a part in it, and answers 202 with its address.
//! Each consumer adds its part and moves the job on, in the transaction of its effect; the last part finishes the job.
//! A job only moves forward: the table itself refuses any other move.

use crate::background::{Delivery, Halt};
use crate::database::Statement;
use crate::failure::{Fault, NoFailure};
use crate::http::Call;
use crate::parts::Parts;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a job is kept with its parts. From then on the job counts as gone, and housekeeping deletes it in any
/// state.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Nothing was done yet.
    Queued,
    /// Some of it was done.
    Running,
    /// All of it was done.
    Succeeded,
    /// It will not be done.
    Failed,
    /// Somebody has called it off.
    Cancelled,
}

/// A job, as its owner sees it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// What is done, e.g. `account.export`.
    #[schemars(example = "account.export")]
    pub kind: String,
    /// Where it is; it only moves forward.
    #[schemars(example = JobState::Queued)]
    pub state: JobState,
    /// How many of its parts are done.
    #[schemars(range(min = 0), example = 0)]
    pub done: i64,
    /// How many parts it has.
    #[schemars(range(min = 1), example = 2)]
    pub total: i64,
    /// Why it failed.
    #[schemars(example = None::<String>)]
    pub failure: Option<String>,
    /// Where what it made can be fetched, once it has succeeded.
    #[schemars(example = None::<String>)]
    pub result: Option<String>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// UTC; when it succeeded, failed or was called off.
    #[schemars(example = None::<Timestamp>)]
    pub finished_at: Option<Timestamp>,
    /// UTC; from then on it is gone.
    #[schemars(example = "2026-11-28T10:00:00.123456Z")]
    pub expires_at: Timestamp,
}

impl Job {
    /// The path at which the job can be fetched.
    pub fn location(&self) -> String {
        format!("/api/v1/jobs/{}", self.id)
    }
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The job's id.
    pub id: Uuid,
    /// The kind of work, e.g. `account.export`.
    pub kind: &'static str,
    /// The number of parts: one for each consumer of the event.
    pub total: i64,
    /// The kind of the event that asks for the parts, e.g. `account.export_requested`.
    pub event: &'static str,
    /// The person that the job is about, for the event's ids and the audit log: the id's name, e.g. `patientId`, and the
    /// id.
    pub about: (&'static str, Uuid),
}

/// Queues a job of the caller's.
pub fn queue(call: &Call<'_, impl Parts>, clinic: Uuid, owner: Uuid, job: &NewJob) -> [Statement<()>; 2] {
    let insert = Statement::new(
        "shared.queue_job",
        "INSERT INTO kernel.jobs (id, clinic_id, owner_id, kind, total, about, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $8, $6, $7, $7)",
    )
    .bind(job.id)
    .bind(clinic)
    .bind(owner)
    .bind(job.kind)
    .bind(job.total)
    .bind(call.now + RETENTION)
    .bind(call.now)
    .bind(job.about.1);
    let announce = Statement::new(
        "shared.announce_job",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         VALUES ($1, $2, 'job', $3, 1, $4, jsonb_build_object('jobId', $3, $5, $6), $7, $8, $8)",
    )
    .bind(call.new_id())
    .bind(clinic)
    .bind(job.id)
    .bind(job.event)
    .bind(job.about.0)
    .bind(job.about.1)
    .bind(call.trace.traceparent())
    .bind(call.now);
    [insert, announce]
}

/// The job as a reply; no row for a job that this owner does not have.
pub fn job(clinic: Uuid, owner: Uuid, id: Uuid) -> Statement<Job> {
    Statement::new(
        "shared.job",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', id, 'kind', kind, 'state', state, 'done', done, 'total', total, 'failure', failure,
                    'result', CASE WHEN state = 'succeeded' THEN '/api/v1/jobs/' || id || '/result' END,
                    'createdAt', created_at, 'finishedAt', finished_at, 'expiresAt', expires_at)::text, true) AS reply
           FROM kernel.jobs
          WHERE clinic_id = $1
            AND id = $3
            AND owner_id = $2",
    )
    .bind(clinic)
    .bind(owner)
    .bind(id)
    .reply()
}

/// Adds a part to the job of the delivery's event and moves the job on, in the transaction of the effect. The job's row
/// is locked before the part's statement reads whether the job still runs, so that a cancelled job gets no part.
pub async fn add_part(delivery: &Delivery<'_, impl Parts>, part: Statement<()>) -> Result<(), Halt> {
    let mut effect = delivery.begin();
    effect.add(advance(delivery.clinic(), job_of(delivery)?, delivery.now));
    effect.add(part);
    delivery.commit(effect).await.map(drop)
}

/// Fails the job of the delivery's event. Does nothing to a job that has ended.
pub async fn give_up(delivery: &Delivery<'_, impl Parts>, code: &'static str) -> Result<(), Fault> {
    let mut tx = delivery.aside();
    tx.add(fail(delivery.clinic(), job_of(delivery)?, code, delivery.now));
    tx.commit::<NoFailure>().await?;
    Ok(())
}

/// The job of the delivery's event.
pub fn job_of(delivery: &Delivery<'_, impl Parts>) -> Result<Uuid, Fault> {
    delivery.id("jobId")
}

/// Moves a job on by one part. Does nothing to a job that has ended.
fn advance(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "shared.advance_job",
        "UPDATE kernel.jobs
            SET done        = done + 1,
                state       = CASE WHEN done + 1 = total THEN 'succeeded' ELSE 'running' END,
                finished_at = CASE WHEN done + 1 = total THEN $3 END,
                updated_at  = $3
          WHERE clinic_id = $1
            AND id = $2
            AND state IN ('queued', 'running')",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}

fn fail(clinic: Uuid, id: Uuid, code: &'static str, now: Timestamp) -> Statement<()> {
    Statement::new(
        "shared.fail_job",
        "UPDATE kernel.jobs
            SET state = 'failed', failure = $3, finished_at = $4, updated_at = $4
          WHERE clinic_id = $1
            AND id = $2
            AND state IN ('queued', 'running')",
    )
    .bind(clinic)
    .bind(id)
    .bind(code)
    .bind(now)
}
