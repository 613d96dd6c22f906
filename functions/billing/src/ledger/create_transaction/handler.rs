use super::schema::{CreateTransactionFailure, NewTransaction, Recorded};
use super::{db, logic};
use crate::ledger::transaction::announce;
use shared::access::random;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};

/// Moves the balance, writes the transfer and, last, the receipt of an income; answers all of it.
pub(super) async fn handle(
    call: &Call<'_>,
    new: NewTransaction,
) -> Result<Reply<Recorded>, Error<CreateTransactionFailure>> {
    let caller = call.principal()?;
    let (clinic, id) = (caller.clinic_id, call.new_id());
    let patient = new.patient_id.into();
    let transfer = logic::transfer(new).ok_or_else(|| Fault::internal("an amount past its validation"))?;

    let mut tx = call.write()?;
    tx.add(db::move_balance(clinic, &transfer, call.now));
    tx.add(db::insert_transfer(clinic, id, &transfer, call.now)?);
    tx.add(announce(call, clinic, id));
    tx.add(call.audit_about(id, patient)?);
    if transfer.has_receipt() {
        tx.add(db::issue_receipt(clinic, id, call.new_id(), random::bytes()?));
    }
    let stored = tx.commit_with_reply::<Recorded, CreateTransactionFailure>(db::recorded(clinic, id)).await?;

    let location = format!("/api/v1/transactions/{}", stored.data.ids.id);
    Ok(Reply::created(location, stored.data).replayed(stored.replayed))
}
