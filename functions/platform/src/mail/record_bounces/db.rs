use super::logic::{Return, Told};
use jiff::Timestamp;
use shared::database::Statement;
use shared::endpoint::Sample;

/// Notes it, unless something as grave is noted already. Of two at once the second waits here for the row's lock, and
/// then looks at what the first has noted.
pub(super) fn note_return(told: &Told, now: Timestamp) -> Statement<()> {
    let (state, bounce) = told.what.noted();
    Statement::new(
        "platform.note_mail_return",
        "UPDATE kernel.mails
            SET state = $3, bounce = $4, returned_at = $5, updated_at = $6
          WHERE clinic_id = $1
            AND id = $2
            AND (state = 'sent' OR state = 'bounced' AND ($3 = 'complained' OR bounce = 'transient' AND $4 = 'permanent'))",
    )
    .bind(told.clinic)
    .bind(told.mail)
    .bind(state)
    .bind(bounce)
    .bind(told.at)
    .bind(now)
}

pub(super) fn returned_mail_state(told: &Told) -> Statement<String> {
    Statement::new(
        "platform.returned_mail_state",
        "SELECT state
           FROM kernel.mails
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(told.clinic)
    .bind(told.mail)
    .decode(|columns| columns.get("state"))
}

/// All statements of the worker.
pub(super) fn all(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let now = sample.call.now;
    let told = Told { clinic: sample.clinic(), mail: sample.id("mail"), what: Return::Complaint, at: now };
    vec![note_return(&told, now), returned_mail_state(&told).erase()]
}
