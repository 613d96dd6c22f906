use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Adds the part, unless the job was called off.
pub(super) fn add_part(clinic: Uuid, job: Uuid, patient: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "patients.add_export_part",
        "INSERT INTO kernel.job_parts (clinic_id, job_id, name, content, created_at, updated_at)
         SELECT p.clinic_id, $2, 'patients',
                jsonb_build_object(
                    'patient', jsonb_build_object(
                        'id', p.id, 'fullName', p.full_name, 'birthDate', p.birth_date, 'phone', p.phone,
                        'email', p.email, 'document', p.document, 'notes', p.notes, 'version', p.version,
                        'createdAt', kernel.instant(p.created_at), 'updatedAt', kernel.instant(p.updated_at),
                        'deletedAt', kernel.instant(p.deleted_at)),
                    'history', (
                        SELECT COALESCE(jsonb_agg(h.state || jsonb_build_object(
                                   'version', h.version, 'at', kernel.instant(h.created_at)) ORDER BY h.version), '[]')
                          FROM patients.patient_history AS h
                         WHERE h.clinic_id = p.clinic_id
                           AND h.patient_id = p.id)),
                $4, $4
           FROM patients.patients AS p
          WHERE p.clinic_id = $1
            AND p.id = $3
            AND EXISTS (
                SELECT 1
                  FROM kernel.jobs AS j
                 WHERE j.clinic_id = $1
                   AND j.id = $2
                   AND j.state IN ('running', 'succeeded'))",
    )
    .bind(clinic)
    .bind(job)
    .bind(patient)
    .bind(now)
}
