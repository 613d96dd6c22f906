//! The terms of a policy.

use crate::access::Permission;
use crate::limits::{Asked, Of, Rule};

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

/// An endpoint's treatment of `Idempotency-Key` (E2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The endpoint reads only; the header means nothing.
    Reads,
    /// Money or stock moves: 400 without a key.
    Required,
    /// A key is honoured when sent.
    Accepted,
    /// The reply has tokens or secrets, which are never stored: 400 with a key.
    Refused,
}

impl Idempotency {
    /// Whether a key is honoured.
    pub const fn takes_keys(self) -> bool {
        matches!(self, Self::Required | Self::Accepted)
    }
}

/// The class of rate limit (C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// No limit: health checks.
    Unlimited,
    /// By the member who calls, or else by the address; told beside the work, at no round trip.
    Ordinary,
    /// By the address, and only what is refused as not signed: those who sign send as much as they have.
    Unsigned,
    /// By these rules, which are asked before the work.
    Strict(&'static [Rule], Asked),
}

impl RateClass {
    /// The name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unlimited => "unlimited",
            Self::Ordinary => "ordinary",
            Self::Unsigned => "unsigned",
            Self::Strict(..) => "strict",
        }
    }

    /// The rule whose bucket the handler names.
    pub(crate) fn named(self) -> Option<Rule> {
        match self {
            Self::Strict(rules, _) => rules.iter().copied().find(|rule| rule.of == Of::Named),
            _ => None,
        }
    }
}

/// A header that one endpoint reads, and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeader {
    /// The header's name, as its specification writes it.
    pub name: &'static str,
    /// Whether a request without it is refused before the endpoint sees it.
    pub is_required: bool,
    /// The header's meaning.
    pub description: &'static str,
    /// A well-formed value.
    pub example: &'static str,
}

impl RequestHeader {
    /// The JSON pointer of the header in a violation.
    pub fn pointer(&self) -> String {
        format!("/{}", self.name.to_ascii_lowercase())
    }
}

/// What the audit log says of a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited {
    /// What was done, e.g. `webhook_endpoint.created`.
    pub action: &'static str,
    /// What kind of thing it was done to, e.g. `webhook_endpoint`.
    pub subject: &'static str,
}
