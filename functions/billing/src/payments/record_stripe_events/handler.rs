use super::logic::{self, Became, Meaning, What};
use super::schema::{RecordStripeEventsFailure as Failure, StripeEvent};
use super::{EventSecrets, SIGNATURE, db};
use crate::ledger::CLOCKS_DISAGREE;

use crate::payments::Review;
use crate::payments::alarm::alarm;
use crate::payments::found::review;
use crate::payments::provider::Provider;
use crate::payments::settling::{Step, fail, look_again, note_intent, settle};
use crate::payments::signature::Unsigned;
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
            violates ["payment_as_asked"];
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
        Meaning::About(intent) => about(call, event, &intent).await?,
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
    let step = Step::new(call.now, call.trace.traceparent(), || call.new_id())?;
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
    match write(call, told.clone(), Some(statement)).await {
        Err(Error::Refused(NotWritten::AnotherAmount)) => {
            let reviewed = review(clinic, payment, Review::AnotherAmount, Some(intent), call.now);
            NotWritten::told(write(call, told, Some(reviewed)).await)
        }
        written => NotWritten::told(written),
    }
}

/// Whether the provider has cancelled an intent.
async fn cancel(call: &WithProvider<'_>, account: Option<&str>, intent: &str) -> bool {
    call.parts.1.cancel(account, intent, call.deadline).await
}

/// The event and what follows from it, in one flush.
async fn write(
    call: &WithProvider<'_>,
    told: Told,
    statement: Option<Statement<()>>,
) -> Result<(), Error<NotWritten>> {
    let Told { event, kind, account, intent, clinic, payment } = told;
    let mut tx = call.write_as(Scope { clinic: Some(clinic), ..Scope::default() }).repeatable();
    tx.add(db::ensure_its_own(clinic, payment, account, intent));
    if let Some(statement) = statement {
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

/// Of a dispute, or of a refund that was made elsewhere: the provider is asked whose payment it is, and a person is told.
async fn about(call: &WithProvider<'_>, event: StripeEvent, intent: &str) -> Result<(), Error<Failure>> {
    let provider = &call.parts.1;
    let read = provider.read(event.account.as_deref(), intent, call.deadline).await;
    let read = read.ok_or(Failure::EventNotTakenYet)?;
    let is_ours = read.deployment.as_deref() == Some(provider.deployment());
    let (Some(clinic), Some(payment), true) = (read.clinic, read.payment, is_ours) else { return Ok(()) };
    let kind = event.kind.clone();
    let told = Told {
        event: event.id,
        kind: event.kind,
        account: event.account,
        intent: intent.to_owned(),
        clinic,
        payment,
    };
    let written = write(call, told, None).await;
    if written.is_ok() {
        alarm("not_booked", clinic, payment, &kind);
    }
    NotWritten::told(written)
}
