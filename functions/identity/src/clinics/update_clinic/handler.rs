use super::db;
use super::schema::{ClinicPatch, UpdateClinicFailure};
use crate::clinics::ClinicSettings;
use crate::clinics::settings::settings;
use shared::access::Role;
use shared::failure::problem::IF_MATCH_REQUIRED;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};

/// Applies the patch to the version that the caller read, and answers the clinic as edited.
pub(super) async fn handle(
    call: &Call<'_>,
    patch: ClinicPatch,
) -> Result<Reply<ClinicSettings>, Error<UpdateClinicFailure>> {
    let caller = call.principal()?;
    let clinic = caller.clinic_id;
    if !patch.provider_account.is_keep() && caller.role != Role::Owner {
        return Err(UpdateClinicFailure::AccountIsTheOwners.into());
    }
    let if_match = call.if_match.as_ref().ok_or_else(|| Fault::from(&IF_MATCH_REQUIRED))?;

    let mut tx = call.write()?;
    tx.add(db::hold_version(clinic, if_match));
    if !patch.is_empty() {
        tx.add(db::update_clinic(clinic, patch, call.now));
        tx.add(db::audit_change(call, clinic)?);
    }
    let stored = tx.commit_with_reply::<_, UpdateClinicFailure>(settings(clinic)).await?;

    let version = stored.data.version;
    Ok(Reply::ok(stored.data).version(version).replayed(stored.replayed))
}
