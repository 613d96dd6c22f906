//! The settings that a function needs.

use crate::external::OpenExternal;

/// The needs of a function. A setting that no need names is not read, and need not be given (C10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a function answers by yes or no")]
pub struct Needs {
    /// The module's database.
    pub database: bool,
    /// The public keys, to verify access tokens.
    pub verifies_tokens: bool,
    /// The secret key, to issue access tokens.
    pub issues_tokens: bool,
    /// The queues, to send events to.
    pub queues: bool,
    /// The nudge of the relay; may be missing.
    pub nudges: bool,
    /// External calls.
    pub external: Option<OpenExternal>,
    /// A mail gateway, to send mail by.
    pub mail: bool,
    /// The queue of the mail provider's notices.
    pub mail_notices: bool,
    /// The public key of a mail provider's signatures; may be missing.
    pub mail_events: Option<KeyForm>,
    /// The public address, for links in mails.
    pub links: bool,
}

/// Whether a text is a key of the kind that a function takes. The code that reads keys is linked into that function and
/// into no other, as with [`OpenExternal`].
#[derive(Clone, Copy)]
pub struct KeyForm(pub fn(&str) -> bool);

impl PartialEq for KeyForm {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for KeyForm {}

impl std::fmt::Debug for KeyForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("KeyForm")
    }
}

impl Needs {
    /// Everything, with keys of any form.
    pub const ALL: Self = Self {
        database: true,
        verifies_tokens: true,
        issues_tokens: true,
        queues: true,
        nudges: true,
        external: Some(OpenExternal::OPEN),
        mail: true,
        mail_notices: true,
        mail_events: Some(KeyForm(|_| true)),
        links: true,
    };

    /// The database alone.
    pub const DATABASE: Self = Self {
        database: true,
        verifies_tokens: false,
        issues_tokens: false,
        queues: false,
        nudges: false,
        external: None,
        mail: false,
        mail_notices: false,
        mail_events: None,
        links: false,
    };

    /// The needs of both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            database: self.database || other.database,
            verifies_tokens: self.verifies_tokens || other.verifies_tokens,
            issues_tokens: self.issues_tokens || other.issues_tokens,
            queues: self.queues || other.queues,
            nudges: self.nudges || other.nudges,
            external: if self.external.is_some() { self.external } else { other.external },
            mail: self.mail || other.mail,
            mail_notices: self.mail_notices || other.mail_notices,
            mail_events: if self.mail_events.is_some() { self.mail_events } else { other.mail_events },
            links: self.links || other.links,
        }
    }
}
