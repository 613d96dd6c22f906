use super::schema::NewPatient;
use crate::fields::document_key;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::database::Statement;
use uuid::Uuid;

pub(super) fn insert_patient(clinic: Uuid, id: Uuid, new: NewPatient, now: Timestamp) -> Statement<()> {
    Statement::new(
        "patients.insert_patient",
        "INSERT INTO patients.patients
                (clinic_id, id, full_name, birth_date, phone, email, document, document_key, notes,
                 version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)",
    )
    .bind(clinic)
    .bind(id)
    .bind(new.full_name.into_string())
    .bind(new.birth_date.map(Date::from))
    .bind(new.phone.map(String::from))
    .bind(new.email.map(String::from))
    .bind(new.document.as_ref().map(|document| document.as_str().to_owned()))
    .bind(new.document.as_ref().map(|document| document_key(document.as_str())))
    .bind(new.notes.map(String::from))
    .bind(now)
}
