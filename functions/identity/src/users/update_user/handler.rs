use super::db;
use super::schema::{MemberPatch, UpdateUserFailure};
use crate::users::member::{Member, member};
use shared::failure::problem::IF_MATCH_REQUIRED;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Applies the patch to the version that the caller read, if the caller may, and answers the member as changed.
pub(super) async fn handle(
    call: &Call<'_>,
    id: Uuid,
    patch: MemberPatch,
) -> Result<Reply<Member>, Error<UpdateUserFailure>> {
    let caller = call.principal()?;
    let clinic = caller.clinic_id;
    let if_match = call.if_match.as_ref().ok_or_else(|| Fault::from(&IF_MATCH_REQUIRED))?;
    let names_access = patch.names_access();

    let mut tx = call.write()?;
    if names_access {
        tx.add(db::hold_owners(clinic));
        tx.add(db::admit_again(caller, call.now));
    }
    tx.add(db::ensure_member(clinic, id));
    tx.add(db::hold_member(caller, id, &patch));
    tx.add(db::ensure_version(clinic, id, if_match));
    if !patch.is_empty() {
        tx.add(db::update_member(call, caller, id, patch)?);
    }
    if names_access {
        tx.add(db::withdraw_invitations(clinic, id, call.now));
        tx.add(db::ensure_an_owner(clinic));
    }
    let stored = tx.commit_with_reply::<_, UpdateUserFailure>(member(clinic, id)).await?;

    let version = stored.data.version;
    Ok(Reply::ok(stored.data).version(version).replayed(stored.replayed))
}
