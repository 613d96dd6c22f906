use shared::database::Statement;
use uuid::Uuid;

/// A row if the clinic has the patient, archived or not.
pub(super) fn patient(clinic: Uuid, patient: Uuid) -> Statement<()> {
    Statement::new(
        "billing.patient",
        "SELECT p.id
           FROM patients.published_patients AS p
          WHERE p.clinic_id = $1
            AND p.id = $2",
    )
    .bind(clinic)
    .bind(patient)
}
