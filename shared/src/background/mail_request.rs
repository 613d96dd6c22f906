//! Putting a mail into the letter box.

use crate::background::Delivery;
use crate::clock::Ids;
use crate::database::Statement;
use crate::failure::Fault;
use crate::http::Call;
use crate::mail::{Attachment, Language};
use crate::parts::Parts;
use crate::validation::Text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A mail to be sent.
#[derive(Clone)]
pub struct MailRequest {
    /// The mail's key within its module, e.g. `email-verification/` and an id: one mail is sent for one key. 1–255
    /// characters, nothing personal.
    pub key: String,
    /// The language of the mail.
    pub language: Language,
    /// The recipient's address.
    pub address: Text,
    /// The recipient's name.
    pub name: Option<Text>,
    /// The subject, at most 500 characters.
    pub subject: Text,
    /// The body in HTML, with all filled-in values escaped.
    pub html: String,
    /// The body in plain text.
    pub plain_text: String,
    /// The attachments.
    pub attachments: Vec<Attachment>,
}

impl std::fmt::Debug for MailRequest {
    /// The key alone, nothing of the mail.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MailRequest({})", self.key)
    }
}

/// Puts the mail into the letter box and announces it, unless the letter box has a mail of its key. The statement
/// belongs into the transaction of the change that the mail tells, so that the mail is sent exactly if the change
/// happened.
pub fn request_mail(delivery: &Delivery<'_, impl Parts>, request: MailRequest) -> Statement<()> {
    let at =
        Place { clinic: delivery.clinic(), traceparent: delivery.trace.traceparent(), now: delivery.now };
    put(at, delivery.app.ids.as_ref(), request)
}

/// As [`request_mail`], for a request: with the change that the mail tells, in its transaction.
pub fn request_mail_of(call: &Call<'_, impl Parts>, request: MailRequest) -> Result<Statement<()>, Fault> {
    let clinic = call.principal()?.clinic_id;
    let at = Place { clinic, traceparent: call.trace.traceparent(), now: call.now };
    Ok(put(at, call.app.ids.as_ref(), request))
}

struct Place {
    clinic: Uuid,
    traceparent: String,
    now: Timestamp,
}

/// Inserts the mail and its event. The insert waits for a twin in flight: by then the key is taken, or free again.
fn put(place: Place, ids: &dyn Ids, request: MailRequest) -> Statement<()> {
    let attachments: Vec<Value> = request.attachments.iter().map(kept).collect();
    Statement::new(
        "shared.request_mail",
        "WITH requested AS (
             INSERT INTO kernel.mails
                    (id, clinic_id, key, language, recipient_address, recipient_name, subject, html, plain_text,
                     attachments, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
                 ON CONFLICT DO NOTHING
             RETURNING id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $12, $2, 'mail', id, 1, 'mail.requested', jsonb_build_object('mailId', id), $13, $11, $11
           FROM requested",
    )
    .bind(ids.new_id(place.now))
    .bind(place.clinic)
    .bind(request.key)
    .bind(request.language.tag())
    .bind(request.address.into_string())
    .bind(request.name.map(Text::into_string))
    .bind(request.subject.into_string())
    .bind(request.html)
    .bind(request.plain_text)
    .bind(Value::Array(attachments))
    .bind(place.now)
    .bind(ids.new_id(place.now))
    .bind(place.traceparent)
}

/// An attachment as the table keeps it.
fn kept(attachment: &Attachment) -> Value {
    json!({
        "name": attachment.name, "mediaType": attachment.media_type, "content": STANDARD.encode(&attachment.content),
    })
}
