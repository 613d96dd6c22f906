//! What the reply to a charge means.
//!
//! A final answer ends a payment for good, so a reply is one only if it says so beyond doubt: its status, its type, its
//! code and the intent that comes with it agree. A refusal that takes no money but may be our own mistake, such as an
//! unknown parameter, is unknown: the fence finds out, and nobody is told that the card was at fault.

use super::Action;
use super::asked::Terms;
use super::wire::{Refusal, WireError, WireIntent};
use http::StatusCode;
use shared::external::{CallError, HttpError, HttpReply};
use std::time::Duration;

/// After this time it may be asked again, where nothing says more.
pub(super) const SHORTLY: Duration = Duration::from_secs(1);

/// The provider's advice whether the same request may end in something else.
const SHOULD_RETRY: &str = "stripe-should-retry";

/// Codes of a 400 that are about this card or this amount, and stay true however often it is asked. Of everything that a
/// charge names, only the card can be missing.
const OF_CARD_OR_AMOUNT: [&str; 7] = [
    "amount_too_large",
    "amount_too_small",
    "invalid_charge_amount",
    "payment_method_currency_mismatch",
    "payment_method_invalid_parameter",
    "resource_missing",
    "token_already_used",
];

/// The code of an amount or a currency that the provider does not have.
const NOT_CHARGEABLE: &str = "currency_not_chargeable";

/// The provider's answer to a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The money was taken: this payment's amount, in its currency.
    Succeeded {
        /// The provider's id of it.
        intent: String,
    },
    /// There is an intent, and it is not as asked, or in a state that is not expected: somebody must look.
    Another {
        /// The provider's id of it, if it is one.
        intent: Option<String>,
    },
    /// It is under way, and ends later.
    Pending {
        /// The provider's id of it.
        intent: String,
    },
    /// It waits for the customer.
    Waits {
        /// The provider's id of it.
        intent: String,
        /// What the customer has to do.
        action: Action,
    },
    /// The card was declined; for good.
    Declined {
        /// The provider's id of the attempt.
        intent: Option<String>,
        /// The code of the error, e.g. `card_declined`.
        code: String,
        /// The code of whoever declined, else the code again; for the client only as [`told`].
        decline_code: String,
    },
    /// The card or the amount is none that can be charged; for good.
    Refused {
        /// The code of the error, e.g. `token_already_used`.
        code: String,
    },
    /// Another request was made with this payment's key.
    Mismatch,
    /// This attempt took no money and never will.
    NotSent {
        /// After this time it may be asked again.
        wait: Duration,
        /// Whether somebody must look: our key is refused, or there is none.
        alarm: bool,
    },
    /// Nobody knows: the money may have been taken, or may yet be.
    Unknown,
}

impl Answer {
    /// The answer of a provider that was not asked, because there is no key.
    pub(super) const NOT_SET_UP: Self = Self::NotSent { wait: SHORTLY, alarm: true };

    /// The answer where the provider has no such amount in that currency.
    pub(super) fn not_chargeable() -> Self {
        Self::Refused { code: NOT_CHARGEABLE.to_owned() }
    }

    /// What came of asking for a charge on these terms.
    pub(super) fn of(called: &Result<HttpReply, CallError<HttpError>>, terms: &Terms<'_>) -> Self {
        match called {
            Err(error) if error.may_have_arrived() => Self::Unknown,
            Err(error) => Self::NotSent { wait: error.wait().unwrap_or(SHORTLY), alarm: false },
            Ok(reply) if reply.status == StatusCode::OK => Self::of_intent(&reply.body, terms),
            Ok(reply) => Self::of_refusal(reply),
        }
    }

    fn of_intent(body: &[u8], terms: &Terms<'_>) -> Self {
        let Ok(found) = serde_json::from_slice::<WireIntent>(body) else { return Self::Unknown };
        match (found.id(), found.status.as_str()) {
            (Some(intent), "succeeded") if terms.are_of(&found) && found.amount_received == terms.amount => {
                Self::Succeeded { intent }
            }
            (Some(intent), "processing" | "requires_action") if terms.are_of(&found) => {
                match Action::of(&found) {
                    Some(action) => Self::Waits { intent, action },
                    None => Self::Pending { intent },
                }
            }
            (intent, _) => Self::Another { intent },
        }
    }

    fn of_refusal(reply: &HttpReply) -> Self {
        let Ok(Refusal { error }) = serde_json::from_slice(&reply.body) else { return Self::Unknown };
        let should_retry = reply.headers.get(SHOULD_RETRY).is_some_and(|advice| advice == "true");
        let is_final = !should_retry && took_nothing(&error);
        match (reply.status, error.kind.as_str()) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                Self::NotSent { wait: SHORTLY, alarm: true }
            }
            // A lock is met on the way, not at the door.
            (StatusCode::TOO_MANY_REQUESTS, _) if error.code() != "lock_timeout" => {
                Self::NotSent { wait: SHORTLY, alarm: false }
            }
            (StatusCode::BAD_REQUEST, "idempotency_error") => Self::Mismatch,
            (StatusCode::BAD_REQUEST, "invalid_request_error")
                if is_final && OF_CARD_OR_AMOUNT.contains(&error.code().as_str()) =>
            {
                Self::Refused { code: error.code() }
            }
            (StatusCode::PAYMENT_REQUIRED, "card_error") if is_final => Self::Declined {
                intent: error.payment_intent.as_ref().and_then(WireIntent::id),
                code: error.code(),
                decline_code: error.decline_code(),
            },
            _ => Self::Unknown,
        }
    }

    /// The kind, for the log.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Another { .. } => "another",
            Self::Pending { .. } => "pending",
            Self::Waits { .. } => "waits",
            Self::Declined { .. } => "declined",
            Self::Refused { .. } => "refused",
            Self::Mismatch => "mismatch",
            Self::NotSent { .. } => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the intent that came with an error, if any did, has taken nothing and is not about to.
fn took_nothing(error: &WireError) -> bool {
    error.payment_intent.as_ref().is_none_or(|intent| {
        let rests = ["requires_payment_method", "requires_confirmation", "canceled"];
        rests.contains(&intent.status.as_str()) && intent.amount_received == 0
    })
}

/// The decline code as a client may be told it. Whoever holds the card does not learn that it is known as lost or stolen,
/// or suspected.
pub fn told(decline_code: &str) -> &str {
    match decline_code {
        "lost_card" | "stolen_card" | "fraudulent" | "merchant_blacklist" => "generic_decline",
        other => other,
    }
}

#[cfg(test)]
mod tests;
