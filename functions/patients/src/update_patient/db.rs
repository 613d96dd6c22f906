use super::schema::PatientPatch;
use crate::fields::document_key;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::database::Statement;
use shared::http::IfMatch;
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

/// Fails for another version than those, and holds the patient: a writer on the same version waits here for the row's
/// lock, then finds another version.
pub(super) fn hold_version(clinic: Uuid, id: Uuid, if_match: &IfMatch) -> Statement<()> {
    Statement::new(
        "patients.hold_version",
        "WITH held AS (
             SELECT version
               FROM patients.patients
              WHERE clinic_id = $1
                AND id = $2
                AND deleted_at IS NULL
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure($3::bigint[] IS NULL OR version = ANY($3::bigint[]), 'version_stale') FROM held",
    )
    .bind(clinic)
    .bind(id)
    .bind(if_match.versions())
}

/// Changes the fields that the patch names. A patch that says what is there already changes nothing: the version stays.
pub(super) fn update_patient(clinic: Uuid, id: Uuid, patch: PatientPatch, now: Timestamp) -> Statement<()> {
    let document_key = patch.document.given().map(|text: &Text| document_key(text.as_str()));
    Statement::new(
        "patients.update_patient",
        "UPDATE patients.patients AS p
            SET full_name    = patch.full_name,
                birth_date   = patch.birth_date,
                phone        = patch.phone,
                email        = patch.email,
                document     = patch.document,
                document_key = patch.document_key,
                notes        = patch.notes,
                version      = p.version + 1,
                updated_at   = $15
           FROM (SELECT clinic_id, id,
                        COALESCE($3, full_name)                        AS full_name,
                        CASE WHEN $4 THEN $5 ELSE birth_date END       AS birth_date,
                        CASE WHEN $6 THEN $7 ELSE phone END            AS phone,
                        CASE WHEN $8 THEN $9 ELSE email END            AS email,
                        CASE WHEN $10 THEN $11 ELSE document END       AS document,
                        CASE WHEN $10 THEN $12 ELSE document_key END   AS document_key,
                        CASE WHEN $13 THEN $14 ELSE notes END          AS notes
                   FROM patients.patients
                  WHERE clinic_id = $1
                    AND id = $2
                    AND deleted_at IS NULL) AS patch
          WHERE p.clinic_id = patch.clinic_id
            AND p.id = patch.id
            AND (p.full_name, p.birth_date, p.phone, p.email, p.document, p.notes)
                IS DISTINCT FROM
                (patch.full_name, patch.birth_date, patch.phone, patch.email, patch.document, patch.notes)",
    )
    .bind(clinic)
    .bind(id)
    .bind(patch.full_name.into_option().map(String::from))
    .patch(patch.birth_date.map(Date::from))
    .patch(patch.phone.map(String::from))
    .patch(patch.email.map(String::from))
    .patch(patch.document.map(String::from))
    .bind(document_key)
    .patch(patch.notes.map(String::from))
    .bind(now)
}
