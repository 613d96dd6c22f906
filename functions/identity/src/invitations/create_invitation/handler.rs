use super::db::{self, Invited};
use super::schema::{CreateInvitationFailure, NewInvitation};
use crate::auth::email;
use crate::invitations::invitation::{Invitation, invitation};
use shared::failure::Error;
use shared::http::{Call, Reply};

/// Ends the address's open invitation, writes the new one, announces it, and answers it.
pub(super) async fn handle(
    call: &Call<'_>,
    new: NewInvitation,
) -> Result<Reply<Invitation>, Error<CreateInvitationFailure>> {
    let caller = call.principal()?;
    let (clinic, id) = (caller.clinic_id, call.new_id());
    let email_key = email::key(new.email.as_str());
    call.limit(&email_key).await?;

    let mut tx = call.write()?;
    tx.add(db::hold_clinic(clinic));
    tx.add(db::replace(clinic, email_key.clone(), call.now));
    tx.add(db::ensure_no_member(clinic, email_key.clone()));
    tx.add(db::insert_invitation(caller, Invited { id, new, email_key }, call.now));
    tx.add(db::invitation_created(call, clinic, id));
    tx.add(call.audit(id)?);
    let stored = tx.commit_with_reply::<_, CreateInvitationFailure>(invitation(clinic, id)).await?;

    Ok(Reply::created_here(stored.data).replayed(stored.replayed))
}
