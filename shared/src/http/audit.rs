//! The audit row of a change, in the change's transaction: who did what.

use super::Call;
use crate::database::Statement;
use crate::parts::Parts;
use uuid::Uuid;

/// The audit row of a change (append-only): `action` is `<subject>.<past tense>`, e.g. `webhook_endpoint.created`.
pub fn audit(
    call: &Call<'_, impl Parts>,
    clinic: Uuid,
    actor: Uuid,
    action: &'static str,
    subject: &'static str,
    subject_id: Uuid,
) -> Statement<()> {
    row(call, clinic, actor, action, (subject, subject_id), None)
}

/// As [`audit`], of something that is about a person: whoever asks what became of that person's data finds it.
pub fn audit_about(
    call: &Call<'_, impl Parts>,
    clinic: Uuid,
    actor: Uuid,
    action: &'static str,
    subject: (&'static str, Uuid),
    about: Uuid,
) -> Statement<()> {
    row(call, clinic, actor, action, subject, Some(about))
}

fn row(
    call: &Call<'_, impl Parts>,
    clinic: Uuid,
    actor: Uuid,
    action: &'static str,
    (subject, subject_id): (&'static str, Uuid),
    about: Option<Uuid>,
) -> Statement<()> {
    Statement::new(
        "shared.audit",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $9, $7, $8)",
    )
    .bind(call.new_id())
    .bind(clinic)
    .bind(actor)
    .bind(action)
    .bind(subject)
    .bind(subject_id)
    .bind(call.request_id.clone())
    .bind(call.now)
    .bind(about)
}
