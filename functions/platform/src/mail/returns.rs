//! Returned mails, and how they are noted, whichever provider tells of them.

use super::mail_state;
use jiff::Timestamp;
use shared::database::{Handle, Statement, Tx};
use uuid::Uuid;

/// How a mail came back, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Return {
    /// The mail did not arrive; another one may.
    Transient,
    /// The mail did not arrive, and none ever will at this address.
    Permanent,
    /// The mail arrived and was not wanted.
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

/// A mail, and how it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BounceReport {
    pub(super) clinic: Uuid,
    pub(super) mail: Uuid,
    pub(super) what: Return,
    /// When the mail came back, by the provider's clock.
    pub(super) at: Timestamp,
}

impl BounceReport {
    /// The order to note in: two writers that note the same mails lock their rows in the same order.
    pub(super) const fn place(&self) -> (Uuid, Uuid) {
        (self.clinic, self.mail)
    }
}

/// Adds the statement that notes the report; its row is the mail's state, and there is no row for an unknown mail.
pub(super) fn note(tx: &mut Tx<'_>, report: &BounceReport, now: Timestamp) -> Handle<String> {
    tx.add(note_return(report, now));
    tx.add(mail_state(report.clinic, report.mail))
}

/// Notes the return, unless one as grave is noted already. Of two writers at once the second waits here for the row's
/// lock, and then sees what the first has noted.
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
