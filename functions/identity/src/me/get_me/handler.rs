use super::schema::{GetMeFailure, Me};
use super::{db, logic};
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};

/// Reads the caller's membership and lists the permissions of its role.
pub(super) async fn handle(call: &Call<'_>) -> Result<Reply<Me>, Error<GetMeFailure>> {
    let caller = call.principal()?;
    let mut tx = call.read()?;
    let membership = tx.add(db::active_membership(caller.clinic_id, caller.user_id));
    let found = tx.commit::<GetMeFailure>().await?.optional(&membership)?;
    let (clinic, user, email_verified) = found.ok_or(GetMeFailure::UserDisabled)?;
    let permissions =
        logic::permissions_of(user.role).map_err(|_| Fault::internal("permissions.json does not parse"))?;
    Ok(Reply::ok(Me { clinic, user, email_verified, permissions }))
}
