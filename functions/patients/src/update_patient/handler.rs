use super::db;
use super::schema::{PatientPatch, UpdatePatientFailure};
use crate::patient::{Patient, announce, audit_change, keep_history, patient};
use shared::failure::problem::IF_MATCH_REQUIRED;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Applies the patch to the version that the caller read, and answers the patient as edited.
pub(super) async fn handle(
    call: &Call<'_>,
    id: Uuid,
    patch: PatientPatch,
) -> Result<Reply<Patient>, Error<UpdatePatientFailure>> {
    let caller = call.principal()?;
    let clinic = caller.clinic_id;
    let if_match = call.if_match.as_ref().ok_or_else(|| Fault::from(&IF_MATCH_REQUIRED))?;

    let mut tx = call.write()?;
    tx.add(db::ensure_patient(clinic, id));
    tx.add(db::hold_version(clinic, id, if_match));
    if !patch.is_empty() {
        tx.add(db::update_patient(clinic, id, patch, call.now));
        tx.add(keep_history(call, clinic, id, caller.user_id));
        tx.add(announce(call, clinic, id, "patient.updated"));
        tx.add(audit_change(call, clinic, id, caller.user_id)?);
    }
    let stored = tx.commit_with_reply::<_, UpdatePatientFailure>(patient(clinic, id)).await?;

    let version = stored.data.version;
    Ok(Reply::ok(stored.data).version(version).replayed(stored.replayed))
}
