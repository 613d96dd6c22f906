//! The next step with a mail, and how a mail becomes a letter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use shared::mail::{Attachment, Letter};
use shared::validation::Text;
use uuid::Uuid;

/// A mail as the letter box has it.
pub(super) struct Kept {
    pub(super) address: Text,
    pub(super) name: Option<Text>,
    pub(super) subject: Text,
    pub(super) html: String,
    pub(super) plain_text: String,
    pub(super) attachments: String,
    pub(super) requested_at: Timestamp,
}

/// An attachment as the letter box has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptAttachment {
    name: Text,
    media_type: Text,
    content: String,
}

/// The mail in the letter box is not one that this program wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Kept {
    /// The letter to send.
    pub(super) fn open(self, id: Uuid, clinic: Uuid) -> Result<Letter, Unreadable> {
        let kept: Vec<KeptAttachment> = serde_json::from_str(&self.attachments).map_err(|_| Unreadable)?;
        let attachments = kept.into_iter().map(|kept| {
            let content = STANDARD.decode(kept.content).map_err(|_| Unreadable)?;
            Ok(Attachment { name: kept.name, media_type: kept.media_type, content })
        });
        Ok(Letter {
            id,
            clinic,
            address: self.address,
            name: self.name,
            subject: self.subject,
            html: self.html,
            plain_text: self.plain_text,
            attachments: attachments.collect::<Result<_, _>>()?,
            requested_at: self.requested_at,
        })
    }
}

/// The next step.
pub(super) enum Next {
    /// The mail is this sender's to send.
    Send(Kept),
    /// The mail was sent or refused.
    Nothing,
    /// Another sender has the mail on lease.
    Wait,
    /// There is no such mail.
    Missing,
}

/// The next step, by what was leased and the mail's state.
pub(super) fn next(leased: Option<Kept>, state: Option<&str>) -> Next {
    match (leased, state) {
        (Some(kept), _) => Next::Send(kept),
        (None, Some("queued")) => Next::Wait,
        (None, Some(_)) => Next::Nothing,
        (None, None) => Next::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(attachments: &str) -> Kept {
        let text = |text: &str| Text::try_from(text).unwrap();
        Kept {
            address: text("ana@example.com"),
            name: None,
            subject: text("Hello"),
            html: String::new(),
            plain_text: String::new(),
            attachments: attachments.to_owned(),
            requested_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_leased_is_sent_and_what_is_not_depends_on_its_state() {
        assert!(matches!(next(Some(kept("[]")), Some("queued")), Next::Send(_)));
        assert!(matches!(next(None, Some("queued")), Next::Wait));
        assert!(matches!(next(None, Some("sent")), Next::Nothing));
        assert!(matches!(next(None, Some("failed")), Next::Nothing));
        assert!(matches!(next(None, None), Next::Missing));
    }

    #[test]
    fn attachments_are_opened_and_what_is_none_is_refused() {
        let one = r#"[{"name":"a.txt","mediaType":"text/plain","content":"AAEC"}]"#;
        let letter = kept(one).open(Uuid::nil(), Uuid::nil()).unwrap();
        assert_eq!(letter.attachments[0].content, [0, 1, 2]);
        for unreadable in ["", "{}", r#"[{"name":"a","mediaType":"b","content":"?"}]"#] {
            assert!(kept(unreadable).open(Uuid::nil(), Uuid::nil()).is_err(), "{unreadable}");
        }
    }
}
