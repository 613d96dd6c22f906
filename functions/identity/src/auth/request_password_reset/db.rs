use jiff::Timestamp;
use shared::database::Statement;
use shared::http::Call;
use uuid::Uuid;

pub(super) fn insert_request(id: Uuid, email_key: String, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_password_reset_request",
        "INSERT INTO identity.password_reset_requests (id, email_key, created_at, updated_at)
         VALUES ($1, $2, $3, $3)",
    )
    .bind(id)
    .bind(email_key)
    .bind(now)
}

pub(super) fn reset_requested(call: &Call<'_>, request: Uuid) -> Statement<()> {
    Statement::new(
        "identity.password_reset_requested",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         VALUES ($1, $2, 'password_reset_request', $3, 1, 'account.password_reset_requested',
                 jsonb_build_object('requestId', $3), $4, $5, $5)",
    )
    .bind(call.new_id())
    .bind(Uuid::nil())
    .bind(request)
    .bind(call.trace.traceparent())
    .bind(call.now)
}
