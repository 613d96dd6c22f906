use super::schema::PatientPatch;
use crate::fields::document_key;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::database::Statement;
use shared::validation::{MaybeValue as _, Text};
use uuid::Uuid;

pub(super) fn ensure_patient(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "patients.ensure_patient",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM patients.patients
                     WHERE clinic_id = $1
                       AND id = $2
                       AND deleted_at IS NULL), 'patient_exists')",
    )
    .bind(clinic)
    .bind(id)
}

pub(super) fn ensure_version(clinic: Uuid, id: Uuid, version: i64) -> Statement<()> {
    Statement::new(
        "patients.ensure_version",
        "SELECT kernel.ensure(version = $3, 'version_stale')
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND deleted_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .bind(version)
}

/// Changes the fields that the patch names. A writer on the same version waits here for the row's lock, then finds
/// another version, changes no row, and so fails the condition.
pub(super) fn update_patient(
    clinic: Uuid,
    id: Uuid,
    version: i64,
    patch: PatientPatch,
    now: Timestamp,
) -> Statement<()> {
    let document_key = patch.document.given().map(|text: &Text| document_key(text.as_str()));
    Statement::new(
        "patients.update_patient",
        "WITH changed AS (
             UPDATE patients.patients
                SET full_name    = COALESCE($4, full_name),
                    birth_date   = CASE WHEN $5 THEN $6 ELSE birth_date END,
                    phone        = CASE WHEN $7 THEN $8 ELSE phone END,
                    email        = CASE WHEN $9 THEN $10 ELSE email END,
                    document     = CASE WHEN $11 THEN $12 ELSE document END,
                    document_key = CASE WHEN $11 THEN $13 ELSE document_key END,
                    notes        = CASE WHEN $14 THEN $15 ELSE notes END,
                    version      = version + 1,
                    updated_at   = $16
              WHERE clinic_id = $1
                AND id = $2
                AND version = $3
                AND deleted_at IS NULL
             RETURNING id
         )
         SELECT kernel.ensure(EXISTS (SELECT 1 FROM changed), 'version_stale')",
    )
    .bind(clinic)
    .bind(id)
    .bind(version)
    .bind(patch.full_name.into_option().map(String::from))
    .patch(patch.birth_date.map(Date::from))
    .patch(patch.phone.map(String::from))
    .patch(patch.email.map(String::from))
    .patch(patch.document.map(String::from))
    .bind(document_key)
    .patch(patch.notes.map(String::from))
    .bind(now)
}
