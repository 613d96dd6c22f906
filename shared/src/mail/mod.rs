//! Mail that is lost never and sent once (E5).
//!
//! A change that is to be followed by a mail puts it into the letter box (`background::request_mail`) in its own transaction. The
//! consumer `send-mail` hands it to a [`MailGateway`] and then erases it. Which gateway that is the program decides at
//! its start: on AWS SES or SendGrid ([`open`]), on one machine a folder of files.
//!
//! Everything that becomes a header is a [`Text`], which has no line breaks: nothing can add a header to a mail.

mod message;
pub mod notices;
mod open;
mod sendgrid;
mod ses;

pub use message::{Sender, message};
pub use notices::{Notice, Notices};
pub use open::open;
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
use uuid::Uuid;

/// A language that mails are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// Portuguese, as in Brazil.
    #[default]
    #[serde(rename = "pt-BR")]
    Portuguese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Portuguese, Self::English];

    /// The tag of BCP 47, which is also what tables have.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }

    /// The language of that tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

/// A file that goes with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called, without folders.
    pub name: Text,
    /// E.g. `application/pdf`.
    pub media_type: Text,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A mail on its way out of the letter box.
#[derive(Clone)]
pub struct Letter {
    /// `UUIDv7`: the same however often it is sent.
    pub id: Uuid,
    /// The tenant.
    pub clinic: Uuid,
    /// The recipient's address.
    pub address: Text,
    /// The recipient's name.
    pub name: Option<Text>,
    /// The subject.
    pub subject: Text,
    /// The body for those who read HTML.
    pub html: String,
    /// The same for those who do not.
    pub plain_text: String,
    /// What goes with it.
    pub attachments: Vec<Attachment>,
    /// When it was requested: the mail's date.
    pub requested_at: Timestamp,
}

impl std::fmt::Debug for Letter {
    /// Which one it is, and nothing that is in it.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Letter({})", self.id)
    }
}

/// What a provider calls a mail that it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderId(pub String);

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// It never will be; the code says why, e.g. `ADDRESS_REFUSED`.
    Refused(&'static str),
    /// It may be later; the reason is fit for a log.
    Failed(String),
}

/// No recipient can be reached at this address, whoever tries.
pub const ADDRESS_INVALID: &str = "ADDRESS_INVALID";
/// The provider does not take this mail, as it is.
pub const MAIL_REFUSED: &str = "MAIL_REFUSED";
/// It is larger than the provider takes.
pub const MAIL_TOO_LARGE: &str = "MAIL_TOO_LARGE";

/// What handing over one mail may take. The lease on it outlasts this, and the event's ten seconds.
pub const TIMEOUT: Duration = Duration::from_secs(7);

/// Who takes mails to their recipients.
pub trait MailGateway: Send + Sync {
    /// Hands a mail over. Ends within [`TIMEOUT`] and before the deadline.
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<ProviderId, Unsent>>;
}

/// What a provider answered: that it took the mail, or the code of why it never will.
pub(crate) struct Answered(Result<ProviderId, &'static str>);

impl Outcome for Answered {
    /// To refuse one mail is no failure of the provider.
    fn is_failure(&self) -> bool {
        false
    }
}

/// What the answer, or that there is none, means for the mail.
pub(crate) fn settle(called: Result<Answered, CallError<String>>) -> Result<ProviderId, Unsent> {
    match called {
        Ok(Answered(outcome)) => outcome.map_err(Unsent::Refused),
        Err(error) => Err(Unsent::Failed(format!("the mail provider: {error}"))),
    }
}
