use super::db;
use super::schema::ForgottenPassword;
use crate::auth::email;
use http::StatusCode;
use shared::database::Scope;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Response};
use uuid::Uuid;

/// Notes the address and announces it, under the clinic that is nobody's. Nothing looks whether it has an account.
pub(super) async fn handle(call: &Call<'_>, given: ForgottenPassword) -> Result<Response, Error<NoFailure>> {
    let key = email::key(given.email.as_str());
    call.limit(&key).await?;
    let id = call.new_id();
    let mut tx = call.write_as(Scope { clinic: Some(Uuid::nil()), ..Scope::default() });
    tx.add(db::insert_request(id, key, call.now));
    tx.add(db::reset_requested(call, id));
    tx.commit::<NoFailure>().await?;
    Ok(Response::empty(StatusCode::ACCEPTED))
}
