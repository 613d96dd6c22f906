//! The message of a mail (RFC 5322, MIME), by lettre's message builder: lettre is maintained, parses addresses instead
//! of copying them (as `mail-builder` does), and encodes names, subjects and file names (RFC 2047, RFC 2231). Its
//! transports are left out: providers are reached over HTTPS.

use super::{ADDRESS_INVALID, Attachment, Letter, MAIL_REFUSED, Unsent};
use crate::settings::SettingError;
use crate::validation::email_parts;
use lettre::Address;
use lettre::message::header::ContentType;
use lettre::message::{Attachment as Attached, Mailbox, Message, MultiPart, SinglePart};
use std::time::SystemTime;

/// The sender of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `MAIL_FROM`: `name@example.com` or `A name <name@example.com>`.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let mailbox: Mailbox = text.trim().parse().map_err(|_| SettingError::Malformed)?;
        let is_plain =
            !text.trim().chars().any(char::is_control) && AsRef::<str>::as_ref(&mailbox.email).is_ascii();
        is_plain.then_some(Self(mailbox)).ok_or(SettingError::Malformed)
    }

    pub(super) fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The `Message-ID`, the same at every sending of the mail (RFC 5322 §3.6.4).
    pub(super) fn message_id(&self, letter: &Letter) -> String {
        format!("<{}@{}>", letter.id.simple(), self.0.email.domain())
    }
}

/// The recipient's address for SMTP: parsed, with the domain as DNS knows it.
pub(super) fn address(letter: &Letter) -> Result<Address, Unsent> {
    let refused = || Unsent::Refused(ADDRESS_INVALID);
    let (local, domain) = email_parts(letter.address.as_str()).ok_or_else(refused)?;
    Address::new(local, domain).map_err(|_| refused())
}

/// The whole message.
pub fn message(from: &Sender, letter: &Letter) -> Result<Vec<u8>, Unsent> {
    let to = Mailbox::new(letter.name.as_ref().map(|name| name.as_str().to_owned()), address(letter)?);
    let bodies = MultiPart::alternative()
        .boundary(boundary(letter, "alternative"))
        .singlepart(SinglePart::plain(letter.plain_text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    let content = letter.attachments.iter().try_fold(
        MultiPart::mixed().boundary(boundary(letter, "mixed")).multipart(bodies),
        |all, attachment| Ok::<_, Unsent>(all.singlepart(attached(attachment)?)),
    )?;
    let message = Message::builder()
        .from(from.0.clone())
        .to(to)
        .subject(letter.subject.as_str())
        .date(SystemTime::from(letter.requested_at))
        .message_id(Some(from.message_id(letter)))
        .multipart(content)
        .map_err(|_| Unsent::Refused(MAIL_REFUSED))?;
    Ok(message.formatted())
}

/// The boundary of a part, the same at every sending of the mail, so that the whole message is the same. No body has
/// the boundary in it: the mail's id is new.
fn boundary(letter: &Letter, part: &str) -> String {
    format!("{part}-{}", letter.id.simple())
}

fn attached(attachment: &Attachment) -> Result<SinglePart, Unsent> {
    let media_type = ContentType::parse(attachment.media_type.as_str());
    let media_type = media_type.map_err(|_| Unsent::Refused(MAIL_REFUSED))?;
    let name = attachment.name.as_str().to_owned();
    Ok(Attached::new(name).body(attachment.content.clone(), media_type))
}

#[cfg(test)]
mod tests;
