//! Mail: sending what is in the letter box, and noting what came back.

pub mod record_bounces;
pub mod record_sendgrid_events;
mod returns;
pub mod send_mail;
mod signature;

use shared::database::Statement;
use uuid::Uuid;

/// How far a mail has come; no row for an unknown one.
fn mail_state(clinic: Uuid, id: Uuid) -> Statement<String> {
    Statement::new(
        "platform.mail_state",
        "SELECT state
           FROM kernel.mails
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .decode(|columns| columns.get("state"))
}
