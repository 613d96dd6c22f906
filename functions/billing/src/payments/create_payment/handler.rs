use super::db;
use super::logic::{self, Attempt, Consequence, Repeated};
use super::schema::{CreatePaymentFailure, NewPayment, PaymentOutcome};
use crate::payments::alarm::alarm;
use crate::payments::card::PIX;
use crate::payments::finding_out::{Waiting, look};
use crate::payments::payment::address;
use crate::payments::provider::{Action, Answer, Provider};
use crate::payments::settling::{self, Step};
use crate::payments::standing::{Standing, standing};
use crate::payments::{PaymentBy, PaymentStatus};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use shared::failure::problem::IDEMPOTENCY_KEY_IN_FLIGHT;
use shared::failure::{Error, Fault};
use shared::http::{Call, IDEMPOTENCY_REPLAYED, Reply};
use std::time::Duration;
use uuid::Uuid;

type Outcome = Result<Reply<PaymentOutcome>, Error<CreatePaymentFailure>>;

/// Commits the intent, then asks the provider. A repetition goes by the payment that the first request made.
pub(super) async fn handle(call: &Call<'_, Provider>, new: NewPayment) -> Outcome {
    if !call.parts.is_set_up() {
        return Err(CreatePaymentFailure::PaymentsNotSetUp.into());
    }
    let method = if new.payment_method.as_str() == PIX { PaymentBy::Pix } else { PaymentBy::Card };
    if !logic::is_chargeable(method, new.currency.as_str(), new.amount_minor) {
        return Err(CreatePaymentFailure::CurrencyNotChargeable.into());
    }
    let (clinic, id) = (call.principal()?.clinic_id, call.new_id());
    let patient = new.patient_id.into();
    let (amount_minor, currency) = (new.amount_minor, new.currency.as_str().to_owned());
    let card_token = Some(new.payment_method.as_str().to_owned()).filter(|_| method == PaymentBy::Card);

    let mut tx = call.write()?;
    tx.add(db::insert_payment(clinic, id, new, method, call.now)?);
    tx.add(call.audit_about(id, patient)?);
    let stored = tx.commit_with_reply::<db::Pointer, CreatePaymentFailure>(db::pointer(clinic, id)).await?;
    let db::Pointer { payment_id: id, provider_account, created_at } = stored.data;
    if stored.replayed {
        return again(call, clinic, id).await;
    }
    let just_made = Standing {
        clinic,
        id,
        status: PaymentStatus::Pending,
        amount_minor,
        currency,
        account: provider_account,
        method,
        card_token,
        provider_payment: None,
        waiting_until: None,
        is_reviewed: false,
        failure_code: None,
        decline_code: None,
        created_at,
        settled: None,
    };
    charge(call, just_made, Attempt::First).await
}

/// A repetition of the request: by the payment as it stands.
async fn again(call: &Call<'_, Provider>, clinic: Uuid, id: Uuid) -> Outcome {
    let mut tx = call.read()?;
    let handle = tx.add(standing(clinic, id));
    let standing = tx.commit::<CreatePaymentFailure>().await?.one(&handle)?;
    match logic::repeated(&standing, call.now) {
        Repeated::Final(Ok(outcome)) => Ok(reply(outcome).replayed(true)),
        Repeated::Final(Err(failure)) => {
            let fault = Fault::from(Error::Refused(failure));
            Err(fault.with_header(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")).into())
        }
        Repeated::InFlight => Err(Fault::from(&IDEMPOTENCY_KEY_IN_FLIGHT).into()),
        Repeated::GoesOn => charge(call, standing, Attempt::Again).await,
        Repeated::Waits(outcome) => Ok(reply(outcome)),
        Repeated::Asks => ask_on(call, standing).await,
    }
}

/// A repetition while the customer has something to do: the provider says what, or that it is done.
async fn ask_on(call: &Call<'_, Provider>, standing: Standing) -> Outcome {
    let intent = standing.provider_payment.clone().unwrap_or_default();
    let (found, action) =
        look(call.parts, &standing, &intent, Waiting::GoesOn, call.now, call.deadline).await;
    settle(call, standing, Consequence::Write(found), action, Duration::ZERO).await
}

/// Asks the provider, writes what it said, and answers by the payment as it stands then. Whatever cannot be written now will
/// be found out by the sweeper: the money may have been taken.
async fn charge(call: &Call<'_, Provider>, standing: Standing, attempt: Attempt) -> Outcome {
    let asked = standing.asked().ok_or_else(|| Fault::internal("a payment without a card goes on"))?;
    let answer = call.parts.charge(&asked, call.deadline).await;
    let wait = match &answer {
        Answer::NotSent { wait, alarm: needs_somebody } => {
            if *needs_somebody {
                alarm("provider_refuses_us", standing.clinic, standing.id, "the key is not taken");
            }
            *wait
        }
        _ => Duration::ZERO,
    };
    let action = match &answer {
        Answer::Waits { action, .. } => Some(action.clone()),
        _ => None,
    };
    settle(call, standing, logic::consequence(answer, attempt), action, wait).await
}

/// Writes the consequence, and answers by the payment as it stands then.
async fn settle(
    call: &Call<'_, Provider>,
    standing: Standing,
    consequence: Consequence,
    action: Option<Action>,
    wait: Duration,
) -> Outcome {
    match write(call, &standing, consequence).await {
        Ok(now_standing) => {
            let told = logic::told(&now_standing).map_err(|failure| unavailable(failure, wait))?;
            Ok(reply(logic::asking(told, action.as_ref(), now_standing.waiting_until)))
        }
        // What the customer would have to do is said once it is written that somebody waits for it.
        Err(fault) => {
            alarm("unwritten", standing.clinic, standing.id, &fault.log_text());
            Ok(reply(logic::pending(&standing)))
        }
    }
}

/// Writes the consequence; the payment as it stands then.
async fn write(
    call: &Call<'_, Provider>,
    before: &Standing,
    consequence: Consequence,
) -> Result<Standing, Fault> {
    let at = call.app.clock.now();
    let step = Step::new(at, call.trace.traceparent(), || call.app.ids.new_id(at))?;
    let mut tx = call.write_behind()?;
    match consequence {
        Consequence::Write(found) => {
            if let Some(statement) = found.statement(before, &step) {
                tx.add(statement);
            }
        }
        Consequence::GiveUp => {
            tx.add(settling::fail(before.clinic, before.id, logic::not_sent(), &step));
            if let Some(statement) = call.forget_key() {
                tx.add(statement);
            }
        }
    }
    let handle = tx.add(standing(before.clinic, before.id));
    let done = tx.commit::<CreatePaymentFailure>().await.map_err(Fault::from)?;
    done.one(&handle)
}

/// 201 with what was booked, or 202 with what is pending.
fn reply(outcome: PaymentOutcome) -> Reply<PaymentOutcome> {
    let address = address(outcome.id);
    match outcome.status {
        PaymentStatus::Succeeded => Reply::created(address, outcome),
        PaymentStatus::Pending | PaymentStatus::Failed => Reply::accepted(address, outcome),
    }
}

/// A refusal; where the provider was not asked, with the time after which it may be.
fn unavailable(failure: CreatePaymentFailure, wait: Duration) -> Error<CreatePaymentFailure> {
    if failure != CreatePaymentFailure::ProviderUnavailable {
        return failure.into();
    }
    let seconds = HeaderValue::from(wait.as_secs().max(1));
    Fault::from(Error::Refused(failure)).with_header(RETRY_AFTER, seconds).into()
}
