use super::schema::PatientItem;
use jiff::civil::Date;
use shared::cursor::{COUNTED_AT_MOST, Cursor};
use shared::database::Statement;
use shared::endpoint::Sample;
use shared::validation::FullDate;
use tokio_postgres::types::Timestamp;
use uuid::Uuid;

/// One row more than `limit`, from behind the cursor on. Without a cursor the page starts at the end of time.
pub(super) fn patients_before(clinic: Uuid, cursor: Option<Cursor>, limit: u8) -> Statement<PatientItem> {
    let (at, id) = match cursor {
        Some(cursor) => (Timestamp::Value(cursor.at), cursor.id),
        None => (Timestamp::PosInfinity, Uuid::max()),
    };
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
    .bind(i64::from(limit) + 1)
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

/// Along the index of the list: without the order a large clinic is counted by reading the whole table.
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

/// All statements of the slice: the first page, a far page, the count.
pub(super) fn all(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let clinic = sample.clinic();
    let far = Cursor { page: 2, at: sample.call.now, id: sample.id("patient") };
    vec![
        patients_before(clinic, None, 20).erase(),
        patients_before(clinic, Some(far), 100).erase(),
        count_patients(clinic).erase(),
    ]
}
