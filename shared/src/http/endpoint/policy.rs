//! The policy of an endpoint: requirements for a request, and promises about itself.

use super::terms::{Access, Audited, Idempotency, RateClass, RequestHeader};
use crate::access::Permission;
use crate::app::Frame;

/// The largest body of an endpoint without a limit of its own, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The policy of an endpoint: requirements for a request, and promises about itself.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that an endpoint answers by yes or no")]
pub struct Policy {
    /// Who may call.
    pub access: Access,
    /// Whether a good token is believed of a caller who needs none.
    pub knows_callers: bool,
    /// The treatment of `Idempotency-Key`.
    pub idempotency: Idempotency,
    /// Whether `If-Match` is required (B9).
    pub if_match: bool,
    /// Whether the endpoint hands out access tokens.
    pub issues_tokens: bool,
    /// Whether the endpoint makes something and hands out tokens for it.
    pub signs_up: bool,
    /// Whether the endpoint changes something although it takes no `Idempotency-Key`.
    pub changes: bool,
    /// Whether the endpoint announces an event, and changes nothing of anybody by itself.
    pub announces: bool,
    /// Whether the endpoint hashes passwords, for which it needs a larger share of a processor.
    pub hashes_passwords: bool,
    /// Whether the caller's address must be verified.
    pub verified: bool,
    /// Whether the endpoint answers by what the member may do now, whatever the token says of it.
    pub answers_by_now: bool,
    /// What the audit log notes of each success, in its transaction.
    pub audits: Option<Audited>,
    /// The action under which the audit log notes whose data a reply shows, e.g. `patient.read`.
    pub shows_people: Option<&'static str>,
    /// The headers that it reads beside those that follow from the rest.
    pub headers: &'static [RequestHeader],
    /// The rate limit.
    pub rate: RateClass,
    /// The most round trips to the database that a call makes, a retry aside (D8).
    pub round_trips: u32,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The media types of the answer.
    pub produces: &'static [&'static str],
}

impl Policy {
    const fn open_to(access: Access) -> Self {
        Self {
            access,
            knows_callers: false,
            idempotency: Idempotency::Reads,
            if_match: false,
            issues_tokens: false,
            signs_up: false,
            changes: false,
            announces: false,
            hashes_passwords: false,
            verified: false,
            answers_by_now: false,
            audits: None,
            shows_people: None,
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

    /// Anybody may call, and of whoever sends a good token it is known who that is.
    #[must_use]
    pub const fn knows_callers(self) -> Self {
        Self { knows_callers: true, ..self }
    }

    /// Whoever is signed in may call.
    pub const fn signed_in() -> Self {
        Self::open_to(Access::SignedIn)
    }

    /// Whoever holds the permission may call.
    pub const fn requires(permission: Permission) -> Self {
        Self::open_to(Access::Requires(permission))
    }

    /// Sets the treatment of `Idempotency-Key`; reading is the default.
    #[must_use]
    pub const fn idempotency(self, idempotency: Idempotency) -> Self {
        Self { idempotency, ..self }
    }

    /// Requires `If-Match`.
    #[must_use]
    pub const fn if_match(self) -> Self {
        Self { if_match: true, ..self }
    }

    /// Hands out access tokens, and refuses `Idempotency-Key`.
    #[must_use]
    pub const fn issues_tokens(self) -> Self {
        Self { issues_tokens: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Sets another rate class than the ordinary one.
    #[must_use]
    pub const fn limit(self, rate: RateClass) -> Self {
        Self { rate, ..self }
    }

    /// Sets another budget than one round trip; the slice's head gives the reason.
    #[must_use]
    pub const fn round_trips(self, round_trips: u32) -> Self {
        Self { round_trips, ..self }
    }

    /// Whether the endpoint changes something, so that a call that was cut off may have done so.
    pub const fn writes(&self) -> bool {
        self.signs_up || self.changes || self.idempotency.takes_keys()
    }

    /// Changes something and hands out a secret for it, once: refuses `Idempotency-Key`.
    #[must_use]
    pub const fn hands_out_secrets(self) -> Self {
        Self { changes: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Changes something; sent again, it changes nothing more, or is refused.
    #[must_use]
    pub const fn changes(self) -> Self {
        Self { changes: true, ..self }
    }

    /// Announces an event, and changes nothing of anybody by itself: whom it is about is found out by who hears it.
    #[must_use]
    pub const fn announces(self) -> Self {
        Self { announces: true, ..self }
    }

    /// Makes something and hands out tokens for it.
    #[must_use]
    pub const fn signs_up(self) -> Self {
        Self { signs_up: true, ..self.issues_tokens() }
    }

    /// Hashes passwords; the function is deployed with more memory, which brings more of a processor.
    #[must_use]
    pub const fn hashes_passwords(self) -> Self {
        Self { hashes_passwords: true, ..self }
    }

    /// Requires that the caller has signed in at a confirmed address: for what mails others or hands data out. Asked in the
    /// transaction of the caller's own clinic ([`Call::read`](crate::http::Call::read),
    /// [`Call::write`](crate::http::Call::write)), at no further round trip.
    #[must_use]
    pub const fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// Answers by what the member may do now: a token from before a change of role will do.
    #[must_use]
    pub const fn answers_by_now(self) -> Self {
        Self { answers_by_now: true, ..self }
    }

    /// Leaves a row in the audit log with each success, which the handler adds ([`Call::audit`](crate::http::Call::audit)):
    /// `action` is a noun and a past participle, e.g. `webhook_endpoint.created`; `subject` is the kind of what it was done to.
    #[must_use]
    pub const fn audits(self, action: &'static str, subject: &'static str) -> Self {
        Self { audits: Some(Audited { action, subject }), ..self }
    }

    /// Shows something of people, whom the handler names ([`Call::shows`](crate::http::Call::shows)): the audit log notes
    /// each of them once the reply is out, by one more round trip that nobody waits for.
    #[must_use]
    pub const fn shows_people(self, action: &'static str) -> Self {
        Self { shows_people: Some(action), ..self }
    }

    /// Reads these headers, which no other endpoint does.
    #[must_use]
    pub const fn headers(self, headers: &'static [RequestHeader]) -> Self {
        Self { headers, ..self }
    }

    /// Sets another largest body, in bytes.
    #[must_use]
    pub const fn body_limit(self, body_limit: usize) -> Self {
        Self { body_limit, ..self }
    }

    /// The parts that the frame around a handler uses under this policy.
    pub const fn frame(&self) -> Frame {
        let mut frame = Frame::NONE;
        if self.round_trips > 0 {
            frame = frame.with_database();
        }
        if self.knows_callers || !matches!(self.access, Access::Public) {
            frame = frame.with_verifier();
        }
        if self.writes() || self.announces {
            frame = frame.with_nudge();
        }
        if !matches!(self.rate, RateClass::Unlimited) {
            frame = frame.with_limits();
        }
        frame
    }

    /// Sets other media types than JSON.
    #[must_use]
    pub const fn produces(self, produces: &'static [&'static str]) -> Self {
        Self { produces, ..self }
    }
}
