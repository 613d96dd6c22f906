use super::db;
use super::schema::CancelPaymentFailure;
use crate::payments::finding_out::{Waiting, find_out};
use crate::payments::found::Found;
use crate::payments::payment::{address, payment};
use crate::payments::provider::Provider;
use crate::payments::settling::Step;
use crate::payments::standing::{Standing, standing};
use crate::payments::{Payment, PaymentStatus};
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};
use uuid::Uuid;

/// Notes who asks for it, finds out, writes that, and answers by the payment as it stands then.
pub(super) async fn handle(
    call: &Call<'_, Provider>,
    id: Uuid,
) -> Result<Reply<Payment>, Error<CancelPaymentFailure>> {
    let clinic = call.principal()?.clinic_id;
    let mut tx = call.write()?;
    tx.add(db::ensure_cancellable(clinic, id));
    tx.add(call.audit(id)?);
    let handle = tx.add(standing(clinic, id));
    let before = tx.commit::<CancelPaymentFailure>().await?.one(&handle)?;

    let found = match before.status {
        PaymentStatus::Pending => find_out(call.parts, &before, Waiting::Ends, call.now, call.deadline).await,
        PaymentStatus::Failed | PaymentStatus::Succeeded => Found::Later,
    };
    let now = write(call, &before, found).await?;
    match now.status {
        PaymentStatus::Failed => Ok(Reply::ok(now)),
        PaymentStatus::Pending => Ok(Reply::accepted(address(id), now)),
        PaymentStatus::Succeeded => Err(CancelPaymentFailure::PaymentSucceeded.into()),
    }
}

/// Writes what was found out; the payment as it stands then.
async fn write(
    call: &Call<'_, Provider>,
    before: &Standing,
    found: Found,
) -> Result<Payment, Error<CancelPaymentFailure>> {
    let at = call.app.clock.now();
    let step = Step::new(at, call.trace.traceparent(), || call.app.ids.new_id(at))?;
    let mut tx = call.write_behind()?;
    if let Some(statement) = found.statement(before, &step) {
        tx.add(statement);
    }
    let handle = tx.add(payment(before.clinic, before.id));
    let done = tx.commit::<CancelPaymentFailure>().await?;
    done.one(&handle).map_err(|fault: Fault| fault.into())
}
