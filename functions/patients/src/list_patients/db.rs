use super::schema::PatientItem;
use jiff::civil::Date;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use shared::validation::FullDate;
use uuid::Uuid;

pub(super) fn patients_before(clinic: Uuid, page: &PageQuery<PatientItem>) -> Statement<PatientItem> {
    let (at, id) = page.start();
    Statement::new(
        "patients.patients_before",
        "SELECT id, full_name, birth_date, phone, email, version, created_at
           FROM patients.patients
          WHERE clinic_id = $1
            AND (created_at, id) < ($2, $3)
            AND deleted_at IS NULL
          ORDER BY created_at DESC, id DESC
          LIMIT $4",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(page.rows())
    .decode(|columns| {
        Ok(PatientItem {
            id: columns.get("id")?,
            full_name: columns.text("full_name")?,
            birth_date: columns.get::<Option<Date>>("birth_date")?.map(FullDate::from),
            phone: columns.optional_text("phone")?,
            email: columns.optional_text("email")?,
            version: columns.get("version")?,
            created_at: columns.get("created_at")?,
        })
    })
}

/// Counts along the index of the list: without the order Postgres reads the whole table for a large clinic.
pub(super) fn count_patients(clinic: Uuid) -> Statement<i64> {
    Statement::new(
        "patients.count_patients",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM patients.patients
                  WHERE clinic_id = $1
                    AND deleted_at IS NULL
                  ORDER BY created_at DESC, id DESC
                  LIMIT $2) AS counted",
    )
    .bind(clinic)
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
