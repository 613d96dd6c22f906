use crate::auth::session::{Clinic, User};
use jiff::Timestamp;
use shared::database::Statement;
use shared::http::Call;
use shared::parts::Parts;
use uuid::Uuid;

pub(super) fn insert_clinic(clinic: &Clinic, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_clinic",
        "INSERT INTO identity.clinics (id, name, time_zone, currency, language, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $6, 1, $5, $5)",
    )
    .bind(clinic.id)
    .bind(clinic.name.as_str().to_owned())
    .bind(clinic.time_zone.clone())
    .bind(clinic.currency.clone())
    .bind(now)
    .bind(clinic.language.tag())
}

pub(super) fn clinic_created(
    call: &Call<'_, impl Parts>,
    clinic: &Clinic,
    account: Uuid,
    user: &User,
) -> Statement<()> {
    Statement::new(
        "identity.clinic_created",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $1, id, 'clinic', id, version, 'clinic.created',
                jsonb_build_object('clinicId', id, 'accountId', $5, 'userId', $6), $3, $4, $4
           FROM identity.clinics
          WHERE id = $2",
    )
    .bind(call.new_id())
    .bind(clinic.id)
    .bind(call.trace.traceparent())
    .bind(call.now)
    .bind(account)
    .bind(user.id)
}
