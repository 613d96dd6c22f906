use super::REQUESTED;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;

/// The event, in a stream of its own: nothing comes before it or after.
pub(super) fn verification_requested(call: &Call<'_>) -> Result<Statement<()>, Fault> {
    let caller = call.principal()?;
    let statement = Statement::new(
        "identity.email_verification_requested",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         VALUES ($1, $2, 'email_verification_request', $1, 1, $3, jsonb_build_object('userId', $4::uuid), $5, $6, $6)",
    );
    Ok(statement
        .bind(call.new_id())
        .bind(caller.clinic_id)
        .bind(REQUESTED)
        .bind(caller.user_id)
        .bind(call.trace.traceparent())
        .bind(call.now))
}

/// The audit row, of the caller's account.
pub(super) fn audit_requested(call: &Call<'_>) -> Result<Statement<()>, Fault> {
    let (caller, audited) = (call.principal()?, call.audited()?);
    let statement = Statement::new(
        "identity.audit_email_verification_requested",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT $3, clinic_id, id, $4, $5, account_id, $6, $7
           FROM identity.memberships
          WHERE clinic_id = $1
            AND id = $2",
    );
    Ok(statement
        .bind(caller.clinic_id)
        .bind(caller.user_id)
        .bind(call.new_id())
        .bind(audited.action)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(call.now))
}
