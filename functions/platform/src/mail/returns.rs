//! How mails come back, and how that is noted, whichever provider tells it.

use jiff::Timestamp;
use shared::database::{Handle, Statement, Tx};
use shared::http::Sample;
use uuid::Uuid;

/// How a mail came back, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Return {
    /// It did not arrive and might another time.
    Transient,
    /// It did not arrive and never will at this address.
    Permanent,
    /// It arrived and was not wanted.
    Complaint,
}

impl Return {
    /// The mail's state and its kind of bounce.
    const fn noted(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Transient => ("bounced", Some("transient")),
            Self::Permanent => ("bounced", Some("permanent")),
            Self::Complaint => ("complained", None),
        }
    }
}

/// What is told of which mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BounceReport {
    pub(super) clinic: Uuid,
    pub(super) mail: Uuid,
    pub(super) what: Return,
    /// When it came back, by the provider's clock.
    pub(super) at: Timestamp,
}

impl BounceReport {
    /// The order to note in: who notes the same mails at the same time takes their rows in the same order.
    pub(super) const fn place(&self) -> (Uuid, Uuid) {
        (self.clinic, self.mail)
    }
}

/// Adds what notes it; the slot has the mail's state then, and nothing when there is no such mail.
pub(super) fn note(tx: &mut Tx<'_>, report: &BounceReport, now: Timestamp) -> Handle<String> {
    tx.add(note_return(report, now));
    tx.add(returned_mail_state(report))
}

/// Notes it, unless something as grave is noted already. Of two at once the second waits here for the row's lock, and
/// then looks at what the first has noted.
fn note_return(report: &BounceReport, now: Timestamp) -> Statement<()> {
    let (state, bounce) = report.what.noted();
    Statement::new(
        "platform.note_mail_return",
        "UPDATE kernel.mails
            SET state = $3, bounce = $4, returned_at = $5, updated_at = $6
          WHERE clinic_id = $1
            AND id = $2
            AND (state = 'sent' OR state = 'bounced' AND ($3 = 'complained' OR bounce = 'transient' AND $4 = 'permanent'))",
    )
    .bind(report.clinic)
    .bind(report.mail)
    .bind(state)
    .bind(bounce)
    .bind(report.at)
    .bind(now)
}

fn returned_mail_state(report: &BounceReport) -> Statement<String> {
    Statement::new(
        "platform.returned_mail_state",
        "SELECT state
           FROM kernel.mails
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(report.clinic)
    .bind(report.mail)
    .decode(|columns| columns.get("state"))
}

/// All statements of whoever notes returns.
pub(super) fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let now = sample.call.now;
    let report =
        BounceReport { clinic: sample.clinic(), mail: sample.id("mail"), what: Return::Complaint, at: now };
    vec![note_return(&report, now), returned_mail_state(&report).erase()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_return_has_a_state_and_a_bounce_its_kind() {
        assert_eq!(Return::Transient.noted(), ("bounced", Some("transient")));
        assert_eq!(Return::Permanent.noted(), ("bounced", Some("permanent")));
        assert_eq!(Return::Complaint.noted(), ("complained", None));
    }

    #[test]
    fn the_gravest_return_is_the_greatest() {
        assert!(Return::Transient < Return::Permanent && Return::Permanent < Return::Complaint);
    }
}
