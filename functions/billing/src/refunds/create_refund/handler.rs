use super::db;
use super::logic::{self, Repeated};
use super::schema::{CreateRefundFailure, NewRefund, RefundOutcome};
use crate::payments::alarm::alarm;
use crate::payments::provider::{Provider, RefundAsked};
use crate::payments::settling::Step;
use crate::refunds::refund::address;
use crate::refunds::standing::{RefundStanding, standing};
use crate::refunds::{FoundRefund, RefundStatus, find_out};
use http::HeaderValue;
use shared::failure::problem::IDEMPOTENCY_KEY_IN_FLIGHT;
use shared::failure::{Error, Fault};
use shared::http::{Call, IDEMPOTENCY_REPLAYED, Reply};
use uuid::Uuid;

type Outcome = Result<Reply<RefundOutcome>, Error<CreateRefundFailure>>;

/// Commits the refund, then asks the provider. A repetition goes by the refund that the first request made.
pub(super) async fn handle(call: &Call<'_, Provider>, payment: Uuid, new: NewRefund) -> Outcome {
    if !call.parts.is_set_up() {
        return Err(CreateRefundFailure::PaymentsNotSetUp.into());
    }
    let (clinic, id) = (call.principal()?.clinic_id, call.new_id());
    let mut tx = call.write()?;
    tx.add(db::hold_refundable(clinic, payment));
    tx.add(db::insert_refund(clinic, payment, id, new, call.now));
    tx.add(db::audit(call, clinic, id)?);
    let stored = tx.commit_with_reply::<db::Pointer, CreateRefundFailure>(db::pointer(clinic, id)).await?;
    if stored.replayed {
        return again(call, clinic, stored.data.refund_id).await;
    }
    go_on(call, just_made(clinic, payment, stored.data)).await
}

fn just_made(clinic: Uuid, payment: Uuid, pointer: db::Pointer) -> RefundStanding {
    RefundStanding {
        status: RefundStatus::Pending,
        asked: RefundAsked {
            clinic,
            payment,
            refund: pointer.refund_id,
            account: pointer.provider_account,
            intent: pointer.provider_payment_id,
            amount_minor: pointer.amount_minor,
            currency: pointer.currency,
        },
        provider_refund: None,
        failure_code: None,
        created_at: pointer.created_at,
        settled: None,
    }
}

/// A repetition of the request: by the refund as it stands.
async fn again(call: &Call<'_, Provider>, clinic: Uuid, id: Uuid) -> Outcome {
    let mut tx = call.read()?;
    let handle = tx.add(standing(clinic, id));
    let standing = tx.commit::<CreateRefundFailure>().await?.one(&handle)?;
    match logic::repeated(&standing, call.now) {
        Repeated::Final(Ok(outcome)) => Ok(reply(outcome).replayed(true)),
        Repeated::Final(Err(failure)) => {
            let fault = Fault::from(Error::Refused(failure));
            Err(fault.with_header(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")).into())
        }
        Repeated::InFlight => Err(Fault::from(&IDEMPOTENCY_KEY_IN_FLIGHT).into()),
        Repeated::GoesOn => go_on(call, standing).await,
    }
}

/// Asks the provider, writes what it said, and answers by the refund as it stands then. Whatever cannot be written now will be
/// carried on by the sweeper: the money may have been given back.
async fn go_on(call: &Call<'_, Provider>, standing: RefundStanding) -> Outcome {
    let found = find_out(call.parts, &standing, call.now, call.deadline).await;
    match write(call, &standing, found).await {
        Ok(now_standing) => Ok(reply(logic::told(&now_standing)?)),
        Err(fault) => {
            alarm("unwritten", standing.asked.clinic, standing.asked.payment, &fault.log_text());
            Ok(reply(logic::pending(&standing)))
        }
    }
}

/// Writes what was found out; the refund as it stands then.
async fn write(
    call: &Call<'_, Provider>,
    before: &RefundStanding,
    found: FoundRefund,
) -> Result<RefundStanding, Fault> {
    let at = call.app.clock.now();
    let step = Step::new(at, call.trace.traceparent(), || call.app.ids.new_id(at))?;
    let mut tx = call.write_behind()?;
    for statement in found.statements(before, &step) {
        tx.add(statement);
    }
    let handle = tx.add(standing(before.asked.clinic, before.asked.refund));
    let done = tx.commit::<CreateRefundFailure>().await.map_err(Fault::from)?;
    done.one(&handle)
}

/// 201 with what was booked, or 202 with what is pending.
fn reply(outcome: RefundOutcome) -> Reply<RefundOutcome> {
    let address = address(outcome.payment_id, outcome.id);
    match outcome.status {
        RefundStatus::Succeeded => Reply::created(address, outcome),
        RefundStatus::Pending | RefundStatus::Failed => Reply::accepted(address, outcome),
    }
}
