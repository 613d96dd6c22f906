//! The rows that every change writes beside itself, in its own transaction: who did it, and what others may hear.

use crate::database::{Scope, Statement, settings, tenant};
use crate::endpoint::{Call, Sample};
use crate::idempotency::{self, Claim};
use uuid::Uuid;

/// The audit row of a change (append-only): `action` is `<subject>.<past tense>`, e.g. `patient.created`.
pub fn audit(
    call: &Call<'_>,
    clinic: Uuid,
    actor: Uuid,
    action: &'static str,
    subject: &'static str,
    subject_id: Uuid,
) -> Statement<()> {
    Statement::new(
        "shared.audit",
        "INSERT INTO kernel.audit_log (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(call.new_id())
    .bind(clinic)
    .bind(actor)
    .bind(action)
    .bind(subject)
    .bind(subject_id)
    .bind(call.request_id.clone())
    .bind(call.now)
}

/// The statements of `shared` that any module may send, for the checks that prepare and explain them.
pub fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let (clinic, call) = (sample.clinic(), &sample.call);
    let claim = Claim {
        clinic,
        caller: sample.id("user"),
        key: "sample".to_owned(),
        fingerprint: idempotency::fingerprint("POST", "/", b"", b""),
        at: call.now,
    };
    let mut all = vec![
        settings(Scope { clinic: Some(clinic), account: None }, call.deadline.left()),
        tenant(clinic),
        idempotency::forget_if_expired(&claim),
        idempotency::claim(&claim),
        idempotency::store(&claim),
        idempotency::stored(&claim),
        audit(call, clinic, claim.caller, "sample.taken", "sample", claim.caller),
        crate::health::probe_statement().erase(),
    ];
    all.extend(crate::consumer::statements(sample));
    all.extend(crate::jobs::statements(sample));
    all.extend(crate::mail::statements(sample));
    all
}
