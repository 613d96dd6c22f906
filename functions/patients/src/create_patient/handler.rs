use super::db;
use super::schema::{CreatePatientFailure, NewPatient};
use crate::patient::{Patient, announce, audit_change, keep_history, patient};
use shared::failure::Error;
use shared::http::{Call, Reply};

/// Writes the patient with history, event and audit, and answers the patient.
pub(super) async fn handle(
    call: &Call<'_>,
    new: NewPatient,
) -> Result<Reply<Patient>, Error<CreatePatientFailure>> {
    let caller = call.principal()?;
    let (clinic, id) = (caller.clinic_id, call.new_id());

    let mut tx = call.write()?;
    tx.add(db::insert_patient(clinic, id, new, call.now));
    tx.add(keep_history(call, clinic, id, caller.user_id));
    tx.add(announce(call, clinic, id, "patient.created"));
    tx.add(audit_change(call, clinic, id, caller.user_id)?);
    let stored = tx.commit_with_reply::<_, CreatePatientFailure>(patient(clinic, id)).await?;

    let patient = stored.data;
    let version = patient.version;
    Ok(Reply::created(patient.location(), patient).version(version).replayed(stored.replayed))
}
