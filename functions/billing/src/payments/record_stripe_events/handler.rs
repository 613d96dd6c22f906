use super::logic::{self, Became, Meaning, Since, What};
use super::schema::{RecordStripeEventsFailure as Failure, StripeEvent};
use super::{EventSecrets, SIGNATURE, db};
use crate::disputes;
use crate::ledger::CLOCKS_DISAGREE;
use crate::payments::Review;
use crate::payments::alarm::alarm;
use crate::payments::found::review;
use crate::payments::provider::{MadeRefund, Provider, RefundState};
use crate::payments::settling::{Step, fail, look_again, note_intent, settle};
use crate::payments::signature::Unsigned;
use crate::refunds::made_statements;
use crate::refunds::noting::note_elsewhere;
use crate::refunds::settling::lock_payment;
use http::StatusCode;
use shared::database::{Scope, Statement};
use shared::failure::problem::MALFORMED_JSON;
use shared::failure::{Error, Fault};
use shared::failures;
use shared::http::{Call, Response};
use shared::validation::{Place, Violation};
use uuid::Uuid;

failures! {
    /// How writing an event can end otherwise.
    enum NotWritten {
        /// It was taken before.
        AlreadyTaken = 409 "EVENT_ALREADY_TAKEN", "Event already taken", "This event counts once.",
            violates ["provider_events_once"];
        /// Another amount or currency than was asked for.
        AnotherAmount = 409 "ANOTHER_AMOUNT", "Another amount", "This is not what was asked for.",
            violates ["payment_as_asked", "refund_as_asked", "dispute_in_its_currency"];
        /// More was given back than is left of the payment here.
        DoesNotFit = 409 "DOES_NOT_FIT", "More than is left", "More was given back than is left here.",
            violates ["payments_refunded_within_captured"];
        /// Of another account than the payment, or of another of the provider's payments.
        NotItsOwn = 409 "NOT_ITS_OWN", "Of another payment", "This is not told of that payment.",
            violates ["event_of_its_payment"];
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = CLOCKS_DISAGREE, violates ["clocks_agree"];
    }
}

impl NotWritten {
    /// What the provider is told of it: an event that comes again was taken, whoever was first, and one that is not to be
    /// believed will not be later either.
    fn told<T>(written: Result<T, Error<Self>>) -> Result<(), Error<Failure>> {
        match written {
            Ok(_) | Err(Error::Refused(Self::AlreadyTaken | Self::NotItsOwn)) => Ok(()),
            Err(Error::Refused(Self::DoesNotFit)) => Err(Failure::EventNotTakenYet.into()),
            Err(Error::Refused(Self::ClocksDisagree)) => Err(Failure::ClocksDisagree.into()),
            Err(error) => Err(Fault::from(error).into()),
        }
    }
}

type WithProvider<'a> = Call<'a, (EventSecrets, Provider)>;

/// Verifies, reads, writes what became of the payment.
pub(super) async fn handle(call: &WithProvider<'_>, body: &[u8]) -> Result<Response, Error<Failure>> {
    let (secrets, provider) = call.parts;
    let header = call.header(&SIGNATURE).ok_or(Failure::EventSignatureInvalid)?;
    secrets.verify(header, body, call.now).map_err(|why| match why {
        Unsigned::NotSetUp => Failure::StripeNotSetUp,
        Unsigned::Invalid => Failure::EventSignatureInvalid,
        Unsigned::Expired => Failure::EventSignatureExpired,
    })?;
    let event = logic::read(body).ok_or_else(malformed)?;
    match logic::meaning(&event, provider.deployment()) {
        Meaning::Became(became) => record(call, event, became).await?,
        Meaning::About(intent, since) => about(call, event, &intent, since).await?,
        Meaning::Nothing => {}
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

fn malformed() -> Error<Failure> {
    let message = "must be an event of Stripe";
    Fault::invalid(vec![Violation::new(Place::Body, "", MALFORMED_JSON.code, message)]).into()
}

/// What the provider tells of a payment.
#[derive(Clone)]
struct Told {
    event: String,
    kind: String,
    account: Option<String>,
    intent: String,
    clinic: Uuid,
    payment: Uuid,
}

/// Writes what became of a payment, with the event. What was written before counts once.
async fn record(call: &WithProvider<'_>, event: StripeEvent, became: Became) -> Result<(), Error<Failure>> {
    let Became { clinic, payment, what } = became;
    let step = new_step(call)?;
    let intent = event.data.object.id;
    let statement = match what {
        What::Taken(taken) => settle(clinic, payment, taken, &step),
        // While it is not cancelled, whoever has its client secret can try again.
        What::Refused(failed) => {
            let is_cancelled = cancel(call, event.account.as_deref(), &intent).await;
            if is_cancelled {
                fail(clinic, payment, failed, &step)
            } else {
                look_again(clinic, payment, call.now)
            }
        }
        What::Failed(failed) => fail(clinic, payment, failed, &step),
        What::Begun(intent) => note_intent(clinic, payment, intent, None, call.now),
    };
    let told = Told {
        event: event.id,
        kind: event.kind,
        account: event.account,
        intent: intent.clone(),
        clinic,
        payment,
    };
    match write(call, told.clone(), vec![statement]).await {
        Err(Error::Refused(NotWritten::AnotherAmount)) => {
            let reviewed = review(clinic, payment, Review::AnotherAmount, Some(intent), call.now);
            NotWritten::told(write(call, told, vec![reviewed]).await)
        }
        written => NotWritten::told(written),
    }
}

/// Whether the provider has cancelled an intent.
async fn cancel(call: &WithProvider<'_>, account: Option<&str>, intent: &str) -> bool {
    call.parts.1.cancel(account, intent, call.deadline).await
}

/// What follows from the event, and the event, in one flush.
async fn write(
    call: &WithProvider<'_>,
    told: Told,
    statements: Vec<Statement<()>>,
) -> Result<(), Error<NotWritten>> {
    let Told { event, kind, account, intent, clinic, payment } = told;
    let mut tx = call.write_as(Scope { clinic: Some(clinic), ..Scope::default() }).repeatable();
    tx.add(db::ensure_its_own(clinic, payment, account, intent));
    for statement in statements {
        tx.add(statement);
    }
    tx.add(db::insert_event(clinic, event, kind, payment, call.now));
    let status = tx.add(db::status(clinic, payment));
    let written = tx.commit::<NotWritten>().await;
    if matches!(written, Err(Error::Refused(NotWritten::NotItsOwn))) {
        alarm(
            "not_its_own",
            clinic,
            payment,
            "told by another account, or of another payment of the provider",
        );
    }
    if written?.optional(&status)?.is_none() {
        alarm("unknown_payment", clinic, payment, "the provider tells of a payment that is not known here");
    }
    Ok(())
}

/// Of refunds, or of a dispute: the provider is asked whose payment it is, and of refunds for all of the payment's, so that the
/// order in which events come is nothing.
async fn about(
    call: &WithProvider<'_>,
    event: StripeEvent,
    intent: &str,
    since: Since,
) -> Result<(), Error<Failure>> {
    let (provider, account) = (&call.parts.1, event.account.as_deref());
    let read = provider.read(account, intent, call.deadline).await.ok_or(Failure::EventNotTakenYet)?;
    let is_ours = read.deployment.as_deref() == Some(provider.deployment());
    let (Some(clinic), Some(payment), true) = (read.clinic, read.payment, is_ours) else { return Ok(()) };
    let (what, statements) = match since {
        Since::Refunded => {
            let made = provider.refunds_of(account, intent, call.deadline).await;
            ("refunded", refunded(call, clinic, payment, made.ok_or(Failure::EventNotTakenYet)?)?)
        }
        Since::Disputed(told) => {
            let step = new_step(call)?;
            ("disputed", disputes::statements(clinic, payment, &told, call.new_id(), &step))
        }
        Since::Inquired => ("inquired", Vec::new()),
    };
    let kind = event.kind.clone();
    let told = Told {
        event: event.id,
        kind: event.kind,
        account: event.account,
        intent: intent.to_owned(),
        clinic,
        payment,
    };
    let written = write(call, told.clone(), statements).await;
    match written {
        Ok(()) if what == "refunded" => Ok(()),
        Ok(()) => {
            alarm(what, clinic, payment, &kind);
            Ok(())
        }
        Err(Error::Refused(NotWritten::AnotherAmount)) => {
            alarm("not_booked", clinic, payment, &kind);
            NotWritten::told(write(call, told, Vec::new()).await)
        }
        Err(Error::Refused(NotWritten::DoesNotFit)) => {
            alarm("refund_does_not_fit", clinic, payment, &kind);
            NotWritten::told(written)
        }
        written => NotWritten::told(written),
    }
}

fn new_step(call: &WithProvider<'_>) -> Result<Step, Fault> {
    Step::new(call.now, call.trace.traceparent(), || call.new_id())
}

/// The statements that write all of a payment's refunds, the oldest first. One that is not known here was made elsewhere.
fn refunded(
    call: &WithProvider<'_>,
    clinic: Uuid,
    payment: Uuid,
    made: Vec<MadeRefund>,
) -> Result<Vec<Statement<()>>, Fault> {
    let deployment = call.parts.1.deployment();
    let mut all = vec![lock_payment(clinic, payment)];
    for made in made.into_iter().rev() {
        let is_ours = made.clinic == Some(clinic) && made.deployment.as_deref() == Some(deployment);
        let refund = made.refund.filter(|_| is_ours);
        let Some(amount) = made.amount_minor.filter(|amount| *amount > 0) else {
            alarm("not_booked", clinic, payment, "a refund of no amount that is known");
            continue;
        };
        if matches!(made.status, RefundState::Succeeded | RefundState::Pending) {
            let id = call.new_id();
            all.push(note_elsewhere(clinic, payment, refund, made.id.clone(), amount, id, call.now));
        }
        all.extend(made_statements(clinic, payment, refund, made, &new_step(call)?));
    }
    Ok(all)
}
