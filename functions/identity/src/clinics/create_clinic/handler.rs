use super::db;
use super::schema::{CreateClinicFailure, NewClinic, Session};
use crate::auth::account::{NewAccount, give_way, insert_account, insert_membership};
use crate::auth::email;
use crate::auth::opening::Opening;
use crate::auth::session::{Clinic, Membership, User};
use crate::clinics::settings::ADDRESS;
use shared::access::{Plan, Role, TokenSigner};
use shared::database::Scope;
use shared::failure::Error;
use shared::http::{Call, Reply};

/// Hashes the password, makes clinic, account and membership, starts the session.
pub(super) async fn handle(
    call: &Call<'_, TokenSigner>,
    new: NewClinic,
) -> Result<Reply<Session>, Error<CreateClinicFailure>> {
    let password = new.password;
    let password_hash = call.hash(move |hasher| hasher.hash(password.expose())).await?;

    let clinic = Clinic {
        id: call.new_id(),
        name: new.clinic_name,
        time_zone: new.time_zone.into_string(),
        currency: new.currency.into_string(),
        language: new.language.unwrap_or_default(),
    };
    let user = User { id: call.new_id(), name: new.owner_name, email: new.email, role: Role::Owner };
    let email_key = email::key(user.email.as_str());
    let account = NewAccount { id: call.new_id(), email_key, password_hash, verified_at: None };

    let opening = Opening::new(call, call.parts, &account.email_key, new.refresh_in, new.device_name)?;
    let mut tx = call.write_as(Scope { clinic: Some(clinic.id), ..Scope::default() });
    tx.add(give_way(account.email_key.clone(), call.now));
    tx.add(insert_account(&account, &user, call.now));
    tx.add(db::insert_clinic(&clinic, call.now));
    tx.add(insert_membership(clinic.id, account.id, &user, call.now));
    for row in opening.rows(account.id) {
        tx.add(row);
    }
    tx.add(db::clinic_created(call, &clinic, account.id, &user));
    tx.add(call.audit_as(clinic.id, user.id, clinic.id)?);
    // The tokens are made before the commit: after the commit nothing may fail.
    let membership = Membership { clinic, user, access_version: 1, plan: Plan::default() };
    let created = |session| Reply::created(ADDRESS.to_owned(), session);
    let reply = opening.reply(call, call.parts, membership, created)?;
    tx.commit::<CreateClinicFailure>().await?;
    Ok(reply)
}
