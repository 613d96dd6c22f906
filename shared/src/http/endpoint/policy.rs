//! What an endpoint asks of a request and promises about itself.

use crate::access::Permission;
use crate::app::{KeyForm, Needs};
use crate::external::OpenExternal;

/// The largest body an endpoint takes unless it says otherwise, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds the permission.
    Requires(Permission),
}

/// How an endpoint treats `Idempotency-Key` (E2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// It reads only; the header means nothing.
    Reads,
    /// Money or stock moves: 400 without a key.
    Required,
    /// A key is honoured when sent.
    Accepted,
    /// Tokens or secrets are handed out and never stored: 400 with a key.
    Refused,
}

/// Which rate limit applies (C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// No limit: health checks.
    Unlimited,
    /// Leased tokens, no extra round trip.
    Ordinary,
    /// Checked before the work: log-in, refresh, reset, payment, export.
    Strict,
}

/// A header that one endpoint reads, and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeader {
    /// Its name, as its specification writes it.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// A value in its form.
    pub example: &'static str,
}

impl RequestHeader {
    /// Where it stands, for those who are told that it is wrong.
    pub fn pointer(&self) -> String {
        format!("/{}", self.name.to_ascii_lowercase())
    }
}

/// What an endpoint asks of a request and promises about itself.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that an endpoint answers by yes or no")]
pub struct Policy {
    /// Who may call.
    pub access: Access,
    /// How `Idempotency-Key` is treated.
    pub idempotency: Idempotency,
    /// Whether `If-Match` is required (B9).
    pub if_match: bool,
    /// Whether it issues access tokens and so needs the secret key.
    pub issues_tokens: bool,
    /// Whether it makes something and hands out tokens for it.
    pub signs_up: bool,
    /// Whether it changes something although it takes no `Idempotency-Key`.
    pub changes: bool,
    /// Whether it hashes passwords and so needs a larger share of a processor.
    pub hashes_passwords: bool,
    /// How external calls are opened, when it makes any.
    pub external: Option<OpenExternal>,
    /// How the key looks that a mail provider signs its events with, when it takes those.
    pub mail_events: Option<KeyForm>,
    /// The headers that it asks for beside those that follow from the rest.
    pub headers: &'static [RequestHeader],
    /// The rate limit.
    pub rate: RateClass,
    /// The most round trips to the database that a call makes, a retry aside (D8).
    pub round_trips: u32,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The media types it answers.
    pub produces: &'static [&'static str],
}

impl Policy {
    const fn open_to(access: Access) -> Self {
        Self {
            access,
            idempotency: Idempotency::Reads,
            if_match: false,
            issues_tokens: false,
            signs_up: false,
            changes: false,
            hashes_passwords: false,
            external: None,
            mail_events: None,
            headers: &[],
            rate: RateClass::Ordinary,
            round_trips: 1,
            body_limit: BODY_LIMIT,
            produces: &["application/json"],
        }
    }

    /// Anybody may call.
    pub const fn public() -> Self {
        Self::open_to(Access::Public)
    }

    /// Whoever is signed in may call.
    pub const fn signed_in() -> Self {
        Self::open_to(Access::SignedIn)
    }

    /// Whoever holds the permission may call.
    pub const fn requires(permission: Permission) -> Self {
        Self::open_to(Access::Requires(permission))
    }

    /// How `Idempotency-Key` is treated; reading is the default.
    #[must_use]
    pub const fn idempotency(self, idempotency: Idempotency) -> Self {
        Self { idempotency, ..self }
    }

    /// `If-Match` is required.
    #[must_use]
    pub const fn if_match(self) -> Self {
        Self { if_match: true, ..self }
    }

    /// Hands out tokens: needs the secret key, refuses `Idempotency-Key`.
    #[must_use]
    pub const fn issues_tokens(self) -> Self {
        Self { issues_tokens: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Another rate class than the ordinary one.
    #[must_use]
    pub const fn limit(self, rate: RateClass) -> Self {
        Self { rate, ..self }
    }

    /// Another budget than one round trip; the slice's head says why.
    #[must_use]
    pub const fn round_trips(self, round_trips: u32) -> Self {
        Self { round_trips, ..self }
    }

    /// Whether a call that is cut off may have changed something.
    pub fn writes(&self) -> bool {
        self.signs_up
            || self.changes
            || matches!(self.idempotency, Idempotency::Required | Idempotency::Accepted)
    }

    /// Changes something and hands out a secret for it, once: refuses `Idempotency-Key`.
    #[must_use]
    pub const fn hands_out_secrets(self) -> Self {
        Self { changes: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Deletes something; done twice, the second time finds nothing.
    #[must_use]
    pub const fn deletes(self) -> Self {
        Self { changes: true, ..self }
    }

    /// Makes something and hands out tokens for it.
    #[must_use]
    pub const fn signs_up(self) -> Self {
        Self { signs_up: true, ..self.issues_tokens() }
    }

    /// Hashes passwords: deployed with more memory, and so with more of a processor.
    #[must_use]
    pub const fn hashes_passwords(self) -> Self {
        Self { hashes_passwords: true, ..self }
    }

    /// Calls others. What that takes is linked into no function that does not declare it.
    #[must_use]
    pub const fn calls_external(self) -> Self {
        Self { external: Some(OpenExternal::OPEN), ..self }
    }

    /// Takes the events of a mail provider, who signs them with a key of that form and says so in these headers.
    #[must_use]
    pub const fn takes_mail_events(self, key: KeyForm, headers: &'static [RequestHeader]) -> Self {
        Self { mail_events: Some(key), headers, ..self }
    }

    /// Another largest body than the usual one, in bytes.
    #[must_use]
    pub const fn body_limit(self, body_limit: usize) -> Self {
        Self { body_limit, ..self }
    }

    /// Which settings a function cannot do without to keep this.
    pub fn needs(&self) -> Needs {
        Needs {
            database: self.round_trips > 0,
            verifies_tokens: self.access != Access::Public,
            issues_tokens: self.issues_tokens,
            nudges: self.writes(),
            external: self.external,
            mail_events: self.mail_events,
            ..Needs::default()
        }
    }

    /// Other media types than JSON.
    #[must_use]
    pub const fn produces(self, produces: &'static [&'static str]) -> Self {
        Self { produces, ..self }
    }
}
