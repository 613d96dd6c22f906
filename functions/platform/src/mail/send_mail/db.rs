use super::logic::Kept;
use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use shared::mail::ProviderId;
use uuid::Uuid;

/// How long a mail is one sender's. Longer than an event's ten seconds: a sender ends before its lease does. Shorter
/// than the patience of relay and queue: an attempt after a crash finds the mail free.
const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// Leases the mail. Of two senders at once one waits here for the row's lock, and then finds the mail on lease.
pub(super) fn lease_mail(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<Kept> {
    Statement::new(
        "platform.lease_mail",
        "UPDATE kernel.mails
            SET leased_until = $4, updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND state = 'queued'
            AND (leased_until IS NULL OR leased_until <= $3)
      RETURNING recipient_address, recipient_name, subject, html, plain_text, attachments::text AS attachments,
                created_at",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
    .bind(now + LEASE)
    .decode(|columns| {
        Ok(Kept {
            address: columns.text("recipient_address")?,
            name: columns.optional_text("recipient_name")?,
            subject: columns.text("subject")?,
            html: columns.get("html")?,
            plain_text: columns.get("plain_text")?,
            attachments: columns.get("attachments")?,
            requested_at: columns.get("created_at")?,
        })
    })
}

/// Ends the lease of a mail that could not be sent now, so that the next attempt finds it free.
pub(super) fn release_mail(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.release_mail",
        "UPDATE kernel.mails
            SET leased_until = NULL, updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND state = 'queued'",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
}

/// Marks the mail as sent, and erases what was in it.
pub(super) fn mark_sent(clinic: Uuid, id: Uuid, provider: ProviderId, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.mark_mail_sent",
        "UPDATE kernel.mails
            SET state = 'sent', sent_at = $3, provider_id = $4, leased_until = NULL, updated_at = $3,
                recipient_address = NULL, recipient_name = NULL, subject = NULL, html = NULL, plain_text = NULL,
                attachments = NULL
          WHERE clinic_id = $1
            AND id = $2
            AND state = 'queued'",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
    .bind(provider.0)
}

/// Marks the mail as failed, which is never sent, and erases what was in it.
pub(super) fn mark_refused(clinic: Uuid, id: Uuid, code: &'static str, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.mark_mail_refused",
        "UPDATE kernel.mails
            SET state = 'failed', failure = $4, leased_until = NULL, updated_at = $3,
                recipient_address = NULL, recipient_name = NULL, subject = NULL, html = NULL, plain_text = NULL,
                attachments = NULL
          WHERE clinic_id = $1
            AND id = $2
            AND state = 'queued'",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
    .bind(code)
}
