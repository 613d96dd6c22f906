use super::logic::{self, Unreadable};
use super::schema::RecordSendgridEventsFailure as Failure;
use super::{SIGNATURE, TIMESTAMP};
use crate::mail::returns::{self, Told};
use crate::mail::signature::VerificationKey;
use http::StatusCode;
use shared::database::Scope;
use shared::endpoint::Call;
use shared::failure::{Error, Fault};
use shared::problem::MALFORMED_JSON;
use shared::reply::Response;
use shared::validation::{Place, Violation};

/// Verifies, reads, notes.
pub(super) async fn handle(call: &Call<'_>, body: &[u8]) -> Result<Response, Error<Failure>> {
    let key = call.app.mail_events_key().and_then(VerificationKey::read).ok_or(Failure::SendgridNotSetUp)?;
    let signed = call.header(&SIGNATURE).zip(call.header(&TIMESTAMP));
    let (signature, timestamp) = signed.ok_or(Failure::SignatureInvalid)?;
    if !key.has_signed(signature, timestamp, body) {
        return Err(Failure::SignatureInvalid.into());
    }
    if !logic::is_timely(timestamp, call.now) {
        return Err(Failure::SignatureExpired.into());
    }
    let told = logic::read(body).map_err(|unreadable| refusal(&unreadable))?;
    if note(call, &told).await? {
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

/// Whether nothing is left to note. What is told is in order of its clinics.
async fn note(call: &Call<'_>, told: &[Told]) -> Result<bool, Error<Failure>> {
    if told.is_empty() {
        return Ok(true);
    }
    let mut tx = call.write_as(Scope::default());
    let mut states = Vec::new();
    for of_one_clinic in told.chunk_by(|one, next| one.clinic == next.clinic) {
        of_one_clinic.first().into_iter().for_each(|told| tx.enter(told.clinic));
        states.extend(of_one_clinic.iter().map(|told| returns::note(&mut tx, told, call.now)));
    }
    let rows = tx.commit::<Failure>().await?;
    for state in &states {
        if logic::is_waiting(rows.optional(state)?.as_deref()) {
            return Ok(false);
        }
    }
    Ok(true)
}
