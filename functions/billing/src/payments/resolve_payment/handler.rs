use super::db;
use super::schema::{Resolution, ResolvePaymentFailure};
use crate::payments::Payment;
use crate::payments::found::not_charged;
use crate::payments::payment::payment;
use crate::payments::settling::{Failed, Step, Taken, fail, settle};
use shared::failure::Error;
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Writes what a person has found out, as whatever finds it out by itself does.
pub(super) async fn handle(
    call: &Call<'_>,
    id: Uuid,
    resolution: Resolution,
) -> Result<Reply<Payment>, Error<ResolvePaymentFailure>> {
    let clinic = call.principal()?.clinic_id;
    let step = Step::new(call.now, call.trace.traceparent(), || call.new_id())?;
    let intent = resolution.provider_payment_id.map(String::from);

    let mut tx = call.write()?;
    tx.add(db::hold_in_review(clinic, id, intent.clone()));
    if resolution.charged {
        tx.add(settle(clinic, id, Taken { intent, amount: None }, &step));
    } else {
        tx.add(fail(clinic, id, Failed { intent, ..not_charged() }, &step));
    }
    tx.add(call.audit(id)?);
    let stored = tx.commit_with_reply::<Payment, ResolvePaymentFailure>(payment(clinic, id)).await?;

    let version = stored.data.version;
    Ok(Reply::ok(stored.data).version(version).replayed(stored.replayed))
}
