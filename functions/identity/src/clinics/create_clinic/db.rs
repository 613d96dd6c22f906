use crate::auth::session::{Clinic, User};
use jiff::Timestamp;
use shared::database::Statement;
use shared::http::Call;
use shared::parts::Parts;
use uuid::Uuid;

/// The owner's account, as far as the user does not have it.
pub(super) struct Owner {
    pub(super) account: Uuid,
    pub(super) email_key: String,
    pub(super) password_hash: String,
}

/// An account of that address gives way, if nobody verified it within a day: see the function in the migrations.
pub(super) fn give_way(email_key: String, now: Timestamp) -> Statement<()> {
    Statement::new("identity.give_way", "SELECT identity.give_way($1, $2)::text").bind(email_key).bind(now)
}

/// Inserts the account, before everything else: most refused sign-ups are refused for their address.
pub(super) fn insert_account(owner: &Owner, user: &User, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_account",
        "INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(owner.account)
    .bind(user.email.as_str().to_owned())
    .bind(owner.email_key.clone())
    .bind(owner.password_hash.clone())
    .bind(now)
}

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

pub(super) fn insert_membership(
    clinic: &Clinic,
    owner: &Owner,
    user: &User,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "identity.insert_membership",
        "INSERT INTO identity.memberships
                (id, clinic_id, account_id, name, role, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
    )
    .bind(user.id)
    .bind(clinic.id)
    .bind(owner.account)
    .bind(user.name.as_str().to_owned())
    .bind(user.role.name())
    .bind(now)
}

pub(super) fn clinic_created(
    call: &Call<'_, impl Parts>,
    clinic: &Clinic,
    owner: &Owner,
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
    .bind(owner.account)
    .bind(user.id)
}
