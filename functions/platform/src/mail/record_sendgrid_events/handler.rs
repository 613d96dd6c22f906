use super::logic::{self, Unreadable};
use super::schema::RecordSendgridEventsFailure as Failure;
use super::{SIGNATURE, TIMESTAMP};
use crate::mail::returns::{self, BounceReport};
use crate::mail::signature::EventsKey;
use http::StatusCode;
use shared::database::Scope;
use shared::failure::problem::MALFORMED_JSON;
use shared::failure::{Error, Fault};
use shared::http::{Call, Response};
use shared::validation::{Place, Violation};

/// Verifies, reads, notes.
pub(super) async fn handle(call: &Call<'_, EventsKey>, body: &[u8]) -> Result<Response, Error<Failure>> {
    let key = call.parts.key().ok_or(Failure::SendgridNotSetUp)?;
    let signed = call.header(&SIGNATURE).zip(call.header(&TIMESTAMP));
    let (signature, timestamp) = signed.ok_or(Failure::SignatureInvalid)?;
    if !key.has_signed(signature, timestamp, body) {
        return Err(Failure::SignatureInvalid.into());
    }
    if !logic::is_timely(timestamp, call.now) {
        return Err(Failure::SignatureExpired.into());
    }
    let report = logic::read(body).map_err(|unreadable| refusal(&unreadable))?;
    if note(call, &report).await? {
        Ok(Response::empty(StatusCode::NO_CONTENT))
    } else {
        Err(Failure::MailNotSentYet.into())
    }
}

fn refusal(unreadable: &Unreadable) -> Error<Failure> {
    match unreadable {
        Unreadable::NoList => {
            let message = "must be a list of events";
            Fault::invalid(vec![Violation::new(Place::Body, "", MALFORMED_JSON.code, message)]).into()
        }
        Unreadable::TooMany => Failure::TooManyEvents.into(),
    }
}

/// Notes the report, which is in the order of clinics; whether nothing is left to note.
async fn note(call: &Call<'_, EventsKey>, report: &[BounceReport]) -> Result<bool, Error<Failure>> {
    if report.is_empty() {
        return Ok(true);
    }
    let mut tx = call.write_as(Scope::default());
    let mut states = Vec::new();
    for of_one_clinic in report.chunk_by(|one, next| one.clinic == next.clinic) {
        of_one_clinic.first().into_iter().for_each(|report| tx.enter(report.clinic));
        states.extend(of_one_clinic.iter().map(|report| returns::note(&mut tx, report, call.now)));
    }
    let rows = tx.commit::<Failure>().await?;
    for state in &states {
        if logic::is_waiting(rows.optional(state)?.as_deref()) {
            return Ok(false);
        }
    }
    Ok(true)
}
