use super::schema::Parts;
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use uuid::Uuid;

/// Fails with the first condition that does not hold, in the order of this statement.
pub(super) fn ensure_result(clinic: Uuid, owner: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.ensure_result",
        "SELECT kernel.ensure(count(*) = 1, 'job_exists'),
                kernel.ensure(min(expires_at) > $4, 'job_not_expired'),
                kernel.ensure(min(state) = 'succeeded', 'job_succeeded')
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

/// The audit row of the read, about whom the job is.
pub(super) fn audit_read(
    call: &Call<'_, impl shared::parts::Parts>,
    clinic: Uuid,
    owner: Uuid,
    id: Uuid,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "platform.audit_result_read",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
         SELECT $4, clinic_id, $2, $7, $8, id, about, $5, $6
           FROM kernel.jobs
          WHERE clinic_id = $1
            AND id = $3",
    );
    Ok(statement
        .bind(clinic)
        .bind(owner)
        .bind(id)
        .bind(call.new_id())
        .bind(call.request_id.clone())
        .bind(call.now)
        .bind(audited.action)
        .bind(audited.subject))
}

pub(super) fn parts(clinic: Uuid, id: Uuid) -> Statement<Parts> {
    Statement::new(
        "platform.job_parts",
        "SELECT COALESCE(jsonb_object_agg(name, content), '{}')::text AS reply
           FROM kernel.job_parts
          WHERE clinic_id = $1
            AND job_id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
