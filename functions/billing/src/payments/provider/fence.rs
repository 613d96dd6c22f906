//! The fence: the same key with a request that takes no money. What stood under the key before says what happened, and
//! what comes after it takes nothing.

use super::asked::Terms;
use super::wire::{Refusal, WireIntent};
use http::StatusCode;
use shared::external::{CallError, HttpError, HttpReply};

/// Codes that are about the amount, which is the same in every request of a payment. Of what runs under a key the key is
/// asked first, so that these say that nothing has.
const OF_AMOUNT: [&str; 3] = ["amount_too_large", "amount_too_small", "invalid_charge_amount"];

/// What stood under a payment's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// Nothing: nothing was charged, and nothing will be.
    Free {
        /// The empty intent that is there now, which can be cancelled.
        intent: String,
    },
    /// An earlier request, which ran: it has an answer, for whoever repeats it.
    Used,
    /// Nothing, and the provider does not have this amount: what still arrives is refused likewise.
    Refused {
        /// The code of the error.
        code: String,
    },
    /// It cannot be said yet.
    Later,
}

impl Fence {
    /// What came of asking for an empty intent on these terms.
    pub(super) fn of(called: &Result<HttpReply, CallError<HttpError>>, terms: &Terms<'_>) -> Self {
        let Ok(reply) = called else { return Self::Later };
        match reply.status {
            StatusCode::OK => empty(&reply.body, terms).map_or(Self::Later, |intent| Self::Free { intent }),
            StatusCode::BAD_REQUEST => match serde_json::from_slice::<Refusal>(&reply.body) {
                Ok(refusal) if refusal.error.kind == "idempotency_error" => Self::Used,
                Ok(refusal) if OF_AMOUNT.contains(&refusal.error.code().as_str()) => {
                    Self::Refused { code: refusal.error.code() }
                }
                _ => Self::Later,
            },
            _ => Self::Later,
        }
    }

    /// The kind, for the log.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Free { .. } => "free",
            Self::Used => "used",
            Self::Refused { .. } => "refused",
            Self::Later => "later",
        }
    }
}

/// The intent, if it is this payment's and as empty as it was asked for.
fn empty(body: &[u8], terms: &Terms<'_>) -> Option<String> {
    let found: WireIntent = serde_json::from_slice(body).ok()?;
    let is_empty = found.status == "requires_payment_method" && found.amount_received == 0;
    if is_empty && terms.are_of(&found) { found.id() } else { None }
}
