use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

pub(super) fn ensure_job(clinic: Uuid, owner: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.ensure_job",
        "SELECT kernel.ensure(count(*) = 1, 'job_exists'),
                kernel.ensure(min(expires_at) > $4, 'job_not_expired')
           FROM kernel.jobs
          WHERE clinic_id = $1
            AND id = $3
            AND owner_id = $2",
    )
    .bind(clinic)
    .bind(owner)
    .bind(id)
    .bind(now)
}

pub(super) fn cancel_job(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.cancel_job",
        "UPDATE kernel.jobs
            SET state = 'cancelled', finished_at = $3, updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND state IN ('queued', 'running')",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}

/// Fails, behind the update, for a job that neither it nor an earlier update has cancelled.
pub(super) fn ensure_cancelled(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "platform.ensure_cancelled",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM kernel.jobs
                     WHERE clinic_id = $1
                       AND id = $2
                       AND state = 'cancelled'), 'job_not_finished')",
    )
    .bind(clinic)
    .bind(id)
}
