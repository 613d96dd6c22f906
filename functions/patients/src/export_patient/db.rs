use shared::database::Statement;
use uuid::Uuid;

/// Fails with `patient_exists` for an unknown patient. An archived patient is still held.
pub(super) fn ensure_patient(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "patients.ensure_held",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM patients.patients
                     WHERE clinic_id = $1
                       AND id = $2), 'patient_exists')",
    )
    .bind(clinic)
    .bind(id)
}
