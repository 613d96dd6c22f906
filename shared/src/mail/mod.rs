//! Mail: never lost, and sent once (E5).
//!
//! A change with a mail puts the mail into the letter box (`background::request_mail`) in its own transaction. The
//! consumer `send-mail` hands the mail to a [`MailGateway`] and then erases its content. The gateway is chosen at the
//! start: on AWS SES or SendGrid ([`Mail`]), on one machine a folder of files.
//!
//! Everything that becomes a header is a [`Text`], which has no line breaks: nothing can add a header to a mail.

mod message;
pub mod notices;
mod part;
mod sendgrid;
mod ses;

pub use message::{Sender, message};
pub use notices::{Notice, Notices};
pub use part::{MAIL_FROM, Mail};
pub use sendgrid::SendGrid;
pub use ses::Ses;

use crate::deadline::Deadline;
use crate::external::{CallError, Outcome};
use crate::validation::Text;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

/// A language that mails are written in.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
pub enum Language {
    /// Portuguese, as in Brazil.
    #[default]
    #[serde(rename = "pt-BR")]
    #[strum(serialize = "pt-BR")]
    Portuguese,
    /// English.
    #[serde(rename = "en")]
    #[strum(serialize = "en")]
    English,
}

impl Language {
    /// All languages.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The tag of BCP 47, also in tables.
    pub fn tag(self) -> &'static str {
        self.into()
    }
}

/// A file attached to a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name, without folders.
    pub name: Text,
    /// E.g. `application/pdf`.
    pub media_type: Text,
    /// The file's bytes.
    pub content: Vec<u8>,
}

/// A mail on its way out of the letter box.
#[derive(Clone)]
pub struct Letter {
    /// `UUIDv7`, the same at every sending.
    pub id: Uuid,
    /// The tenant.
    pub clinic: Uuid,
    /// The recipient's address.
    pub address: Text,
    /// The recipient's name.
    pub name: Option<Text>,
    /// The subject.
    pub subject: Text,
    /// The body in HTML.
    pub html: String,
    /// The body in plain text.
    pub plain_text: String,
    /// The attachments.
    pub attachments: Vec<Attachment>,
    /// When the mail was requested, which is its date.
    pub requested_at: Timestamp,
}

impl std::fmt::Debug for Letter {
    /// The id alone, nothing of the mail.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Letter({})", self.id)
    }
}

/// The provider's id of a mail that it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderId(pub String);

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// The mail never will be taken; the code says why, e.g. `ADDRESS_INVALID`.
    Refused(&'static str),
    /// The mail may be taken later; the reason is fit for a log.
    Failed(String),
}

/// The code for an address that no mail can be sent to.
pub const ADDRESS_INVALID: &str = "ADDRESS_INVALID";
/// The code for a mail that the provider does not take as it is.
pub const MAIL_REFUSED: &str = "MAIL_REFUSED";
/// The code for a mail that is larger than the provider takes.
pub const MAIL_TOO_LARGE: &str = "MAIL_TOO_LARGE";

/// The time that handing over one mail may take. The lease on the mail outlasts this, and the event's ten seconds.
pub const TIMEOUT: Duration = Duration::from_secs(7);

/// A gateway that takes mails to their recipients.
pub trait MailGateway: Send + Sync {
    /// Hands a mail over. Ends within [`TIMEOUT`] and before the deadline.
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<ProviderId, Unsent>>;
}

/// A provider's answer: the mail's id, or the code of a refusal for good.
pub(crate) struct Answered(Result<ProviderId, &'static str>);

impl Outcome for Answered {
    /// The refusal of one mail is no failure of the provider.
    fn is_failure(&self) -> bool {
        false
    }
}

/// From the answer of a provider, or none, to the outcome of the mail.
pub(crate) fn settle(called: Result<Answered, CallError<String>>) -> Result<ProviderId, Unsent> {
    match called {
        Ok(Answered(outcome)) => outcome.map_err(Unsent::Refused),
        Err(error) => Err(Unsent::Failed(format!("the mail provider: {error}"))),
    }
}
