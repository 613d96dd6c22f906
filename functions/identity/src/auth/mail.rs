//! What this module's mails are made of.

use askama::Template;
use shared::background::MailRequest;
use shared::mail::Language;
use shared::validation::Text;

/// A body in one language and form, into which these are filled. Askama escapes them in HTML, by the template's extension
/// (C11).
macro_rules! body {
    ($name:ident, $path:literal, $($filled:ident),+) => {
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct $name<'a> {
            $($filled: &'a str),+
        }
    };
}
pub(crate) use body;

/// Subject and bodies of a mail.
pub(crate) struct Words {
    pub(crate) subject: Text,
    pub(crate) html: String,
    pub(crate) plain_text: String,
}

impl Words {
    /// The words of these bodies.
    pub(crate) fn of(
        subject: &str,
        html: &impl Template,
        plain_text: &impl Template,
    ) -> Result<Self, askama::Error> {
        let subject = Text::try_from(subject).unwrap_or_default();
        Ok(Self { subject, html: html.render()?, plain_text: plain_text.render()? })
    }

    /// The request to mail them to somebody, once a key.
    pub(crate) fn to(self, key: String, language: Language, address: Text, name: Text) -> MailRequest {
        let Self { subject, html, plain_text } = self;
        MailRequest {
            key,
            language,
            address,
            name: Some(name),
            subject,
            html,
            plain_text,
            attachments: Vec::new(),
        }
    }
}
