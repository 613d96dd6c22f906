use super::schema::Me;
use super::{db, logic};
use shared::failure::{Error, Fault, NoFailure};
use shared::http::{Call, Reply};

/// Reads the caller's membership and lists the permissions of its role.
pub(super) async fn handle(call: &Call<'_>) -> Result<Reply<Me>, Error<NoFailure>> {
    let caller = call.principal()?;
    let mut tx = call.read()?;
    let membership = tx.add(db::active_membership(caller.clinic_id, caller.user_id));
    let (membership, email_verified) = tx.commit::<NoFailure>().await?.one(&membership)?;
    let (clinic, user) = (membership.clinic, membership.user);
    let permissions =
        logic::permissions_of(user.role).map_err(|_| Fault::internal("permissions.json does not parse"))?;
    Ok(Reply::ok(Me { clinic, user, email_verified, permissions }))
}
