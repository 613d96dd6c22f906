use super::db;
use super::schema::{EmailToken, VerifiedEmail, VerifyEmailFailure};
use shared::access::LinkToken;
use shared::database::Scope;
use shared::failure::Error;
use shared::http::{Call, Reply};

/// Uses the token within the clinic that the token names, under that clinic's policies.
pub(super) async fn handle(
    call: &Call<'_>,
    given: EmailToken,
) -> Result<Reply<VerifiedEmail>, Error<VerifyEmailFailure>> {
    let token = LinkToken::read(given.token.expose()).ok_or(VerifyEmailFailure::VerificationNotFound)?;
    let (clinic, hash) = (token.clinic(), token.hash());
    let mut tx = call.write_as(Scope { clinic: Some(clinic), ..Scope::default() });
    tx.add(db::ensure_known(clinic, hash.clone()));
    tx.add(db::ensure_unexpired(clinic, hash.clone(), call.now));
    tx.add(db::use_token(call, clinic, hash.clone())?);
    let verified_at = tx.add(db::verified_at(clinic, hash));
    let verified_at = tx.commit::<VerifyEmailFailure>().await?.one(&verified_at)?;
    Ok(Reply::ok(VerifiedEmail { email_verified_at: verified_at }))
}
