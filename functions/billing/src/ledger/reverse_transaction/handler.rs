use super::db;
use super::schema::{NewReversal, ReverseTransactionFailure};
use crate::ledger::transaction::{Transaction, announce, transaction};
use shared::failure::Error;
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Moves the balance back, writes the reversal, answers it.
pub(super) async fn handle(
    call: &Call<'_>,
    original: Uuid,
    new: NewReversal,
) -> Result<Reply<Transaction>, Error<ReverseTransactionFailure>> {
    let (clinic, id) = (call.principal()?.clinic_id, call.new_id());
    let reason = new.reason.map(String::from);

    let mut tx = call.write()?;
    tx.add(db::ensure_reversible(clinic, original));
    tx.add(db::reverse(clinic, original, id, reason, call.now));
    tx.add(announce(call, clinic, id));
    tx.add(db::audit(call, clinic, id)?);
    let stored =
        tx.commit_with_reply::<Transaction, ReverseTransactionFailure>(transaction(clinic, id)).await?;

    let location = format!("/api/v1/transactions/{}", stored.data.ids.id);
    Ok(Reply::created(location, stored.data).replayed(stored.replayed))
}
