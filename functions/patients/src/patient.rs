//! The patient as the slices share it: the reply, and the rows written beside every change.

use crate::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::database::Statement;
use shared::failure::{Fault, Problem};
use shared::http::Call;
use shared::validation::{FullDate, MultilineText, Text};
use uuid::Uuid;

/// An unknown patient, or an archived one. Billing and patients have the same text for it, which a check compares.
pub(crate) const PATIENT_NOT_FOUND: Problem = Problem::new(
    404,
    "PATIENT_NOT_FOUND",
    "No such patient",
    "This clinic has no patient with this id, or the patient is archived and cannot be read or edited.",
);

/// The document is another patient's.
pub(crate) const DUPLICATE_PATIENT: Problem = Problem::new(
    409,
    "DUPLICATE_PATIENT",
    "Duplicate patient",
    "A patient of this clinic has this document. Open that patient instead, or correct the document.",
)
.at("/document");

/// A patient, as its clinic sees it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Beatriz Lima")]
    pub full_name: Text,
    /// `YYYY-MM-DD`.
    #[schemars(regex(pattern = fields::BIRTH_DATE), example = "1990-04-23")]
    pub birth_date: Option<FullDate>,
    /// E.164.
    #[schemars(regex(pattern = fields::PHONE), example = "+5511987654321")]
    pub phone: Option<Text>,
    /// An e-mail address.
    #[schemars(email, length(max = 254), example = "beatriz@example.com")]
    pub email: Option<Text>,
    /// An identity document, as it was typed.
    #[schemars(length(min = 1, max = 64), example = "123.456.789-09")]
    pub document: Option<Text>,
    /// Free text; not clinical notes.
    #[schemars(length(min = 1, max = 5000), example = "Prefers mornings.")]
    pub notes: Option<MultilineText>,
    /// The number of this version; the same as in `ETag`.
    #[schemars(range(min = 1), example = 1)]
    pub version: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub updated_at: Timestamp,
}

impl Patient {
    /// The path at which the patient can be fetched.
    pub fn location(&self) -> String {
        format!("/api/v1/patients/{}", self.id)
    }
}

/// The patient as a reply; no row for an unknown patient.
pub(crate) fn patient(clinic: Uuid, id: Uuid) -> Statement<Patient> {
    Statement::new(
        "patients.patient",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'id', id, 'fullName', full_name, 'birthDate', birth_date, 'phone', phone, 'email', email,
                    'document', document, 'notes', notes, 'version', version,
                    'createdAt', created_at, 'updatedAt', updated_at)::text, true) AS reply
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND deleted_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}

/// The history row of the version just made: of the row as this transaction wrote it. A change that changed nothing wrote
/// none, and leaves none.
pub(crate) fn keep_history(call: &Call<'_>, clinic: Uuid, patient: Uuid, actor: Uuid) -> Statement<()> {
    Statement::new(
        "patients.keep_history",
        "INSERT INTO patients.patient_history (id, clinic_id, patient_id, version, actor_id, state, created_at)
         SELECT $3, clinic_id, id, version, $4,
                jsonb_build_object(
                    'fullName', full_name, 'birthDate', birth_date, 'phone', phone, 'email', email,
                    'document', document, 'notes', notes, 'deletedAt', kernel.instant(deleted_at)),
                $5
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND xmin = pg_current_xact_id()::xid",
    )
    .bind(clinic)
    .bind(patient)
    .bind(call.new_id())
    .bind(actor)
    .bind(call.now)
}

/// The event of the version just made: ids only.
pub(crate) fn announce(call: &Call<'_>, clinic: Uuid, patient: Uuid, kind: &'static str) -> Statement<()> {
    Statement::new(
        "patients.announce",
        "INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $3, clinic_id, 'patient', id, version, $4, jsonb_build_object('patientId', id), $5, $6, $6
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND xmin = pg_current_xact_id()::xid",
    )
    .bind(clinic)
    .bind(patient)
    .bind(call.new_id())
    .bind(kind)
    .bind(call.trace.traceparent())
    .bind(call.now)
}

/// The audit row of the version just made, and of nothing else, as history and event are.
pub(crate) fn audit_change(
    call: &Call<'_>,
    clinic: Uuid,
    patient: Uuid,
    actor: Uuid,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "patients.audit_change",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
         SELECT $3, clinic_id, $4, $5, $6, id, id, $7, $8
           FROM patients.patients
          WHERE clinic_id = $1
            AND id = $2
            AND xmin = pg_current_xact_id()::xid",
    );
    Ok(statement
        .bind(clinic)
        .bind(patient)
        .bind(call.new_id())
        .bind(actor)
        .bind(audited.action)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(call.now))
}
