use super::db;
use super::schema::{Balance, BalanceQuery, GetBalanceFailure};
use jiff::{SignedDuration, Timestamp};
use shared::failure::Error;
use shared::http::{Call, Reply};
use uuid::Uuid;

/// A transaction that was begun before may still come for so long: the longest life of a call, and the clocks' difference.
const SETTLES: SignedDuration = SignedDuration::from_secs(15);

/// Reads the balance of now, or what it was and why.
pub(super) async fn handle(
    call: &Call<'_>,
    patient: Uuid,
    query: &BalanceQuery,
) -> Result<Reply<Balance>, Error<GetBalanceFailure>> {
    let clinic = call.principal()?.clinic_id;
    let explains = query.explain.unwrap_or(false);
    let as_of = query.as_of.map_or(call.now, Timestamp::from);
    if as_of > call.now {
        return Err(GetBalanceFailure::AsOfInFuture.into());
    }
    let is_final = call.now.duration_since(as_of) >= SETTLES;
    let mut tx = call.read()?;
    let handle = if query.as_of.is_some() || explains {
        tx.add(db::balance_as_of(clinic, patient, as_of, explains))
    } else {
        tx.add(db::balance(clinic, patient))
    };
    let read = tx.commit::<GetBalanceFailure>().await?.optional(&handle)?;
    let read = read.ok_or(GetBalanceFailure::PatientNotFound)?;
    Ok(Reply::ok(Balance {
        balance_minor: read.balance_minor,
        currency: read.currency,
        as_of,
        is_final,
        entries: read.entries.filter(|_| explains),
        carried_forward_minor: read.carried_forward_minor.filter(|_| explains),
    }))
}
