//! Refunds: what is asked, and what the replies mean. A refund is decided once it is asked for, so it is repeated under its own
//! key until there is an answer; for a day, as long as the provider keeps the key.

use super::wire::{Refusal, WireError, WireRefund, WireRefunds};
use super::{currency, wire};
use form_urlencoded::Serializer;
use http::StatusCode;
use shared::external::{CallError, HttpError, HttpReply};
use uuid::Uuid;

/// Codes of a refusal that say that nothing is given back, and stay true under this key.
const FINAL: [&str; 7] = [
    "balance_insufficient",
    "charge_already_refunded",
    "charge_disputed",
    "charge_not_refundable",
    "payment_intent_unexpected_state",
    "refund_disputed_payment",
    "resource_missing",
];

/// The code of a refusal that names the amount and nothing else: more than is left of the payment.
const TOO_MUCH: &str = "amount_too_large";

/// The code of an amount that the provider does not have in that currency.
const NOT_REFUNDABLE: &str = "amount_not_refundable";

/// A refund, as it is asked of the provider.
#[derive(Debug, Clone)]
pub struct RefundAsked {
    /// The clinic that gives it.
    pub clinic: Uuid,
    /// The payment that it is of.
    pub payment: Uuid,
    /// The refund; also the `Idempotency-Key`.
    pub refund: Uuid,
    /// The account at the provider that the payment was made under, if it was one of the clinic's own.
    pub account: Option<String>,
    /// The provider's id of the payment.
    pub intent: String,
    /// The amount, in minor units of ISO 4217.
    pub amount_minor: i64,
    /// The currency, ISO 4217.
    pub currency: String,
}

impl RefundAsked {
    /// The form; none where the provider has no such amount.
    pub(super) fn form(&self, deployment: &str) -> Option<String> {
        let amount = currency::to_provider(&self.currency, self.amount_minor)?;
        let mut form = Serializer::new(String::new());
        form.append_pair("payment_intent", &self.intent)
            .append_pair("amount", &amount.to_string())
            .append_pair("metadata[clinicId]", &self.clinic.to_string())
            .append_pair("metadata[paymentId]", &self.payment.to_string())
            .append_pair("metadata[refundId]", &self.refund.to_string())
            .append_pair("metadata[deployment]", deployment);
        Some(form.finish())
    }

    fn has_made(&self, made: &MadeRefund) -> bool {
        made.refund == Some(self.refund)
            && made.clinic == Some(self.clinic)
            && made.intent == self.intent
            && made.amount_minor == Some(self.amount_minor)
            && made.currency == self.currency
    }
}

/// The provider's record of a refund; of ours, or made in its dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeRefund {
    /// The provider's id.
    pub id: String,
    /// How far it is.
    pub status: RefundState,
    /// The amount, in minor units of ISO 4217; none where it is no whole number of them.
    pub amount_minor: Option<i64>,
    /// The currency, ISO 4217.
    pub currency: String,
    /// The provider's id of the payment; empty where it says none.
    pub intent: String,
    /// The clinic, of ours.
    pub clinic: Option<Uuid>,
    /// The refund, of ours.
    pub refund: Option<Uuid>,
    /// The deployment that asked for it, of ours.
    pub deployment: Option<String>,
    /// Why it failed, if it did.
    pub failure: String,
}

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// It is under way.
    Pending,
    /// The money was given back.
    Succeeded,
    /// It was not, or it came back.
    Failed,
    /// None that we know.
    Unknown,
}

impl MadeRefund {
    /// The refund of a reply, if it can be read.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        Self::of(&serde_json::from_slice(body).ok()?)
    }

    /// The refunds of a reply, if all of them can be read and there are no more.
    pub(super) fn read_all(body: &[u8]) -> Option<Vec<Self>> {
        let list: WireRefunds = serde_json::from_slice(body).ok()?;
        if list.has_more { None } else { list.data.iter().map(Self::of).collect() }
    }

    fn of(found: &WireRefund) -> Option<Self> {
        let currency = found.currency.to_ascii_uppercase();
        let id_of = |name| found.tag(name).and_then(|text| text.parse().ok());
        Some(Self {
            id: found.id()?,
            status: match found.status.as_str() {
                "pending" | "requires_action" => RefundState::Pending,
                "succeeded" => RefundState::Succeeded,
                "failed" | "canceled" => RefundState::Failed,
                _ => RefundState::Unknown,
            },
            amount_minor: currency::from_provider(&currency, found.amount),
            currency,
            intent: found.payment_intent.clone().unwrap_or_default(),
            clinic: id_of("clinicId"),
            refund: id_of("refundId"),
            deployment: found.tag("deployment").map(str::to_owned),
            failure: wire::code(found.failure_reason.as_deref().or(Some(&found.status))),
        })
    }
}

/// The provider's answer to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// It is there: this refund, of this amount.
    Made(MadeRefund),
    /// Nothing is given back under this key, for good.
    Refused {
        /// The code of the error, e.g. `charge_already_refunded`.
        code: String,
    },
    /// The provider failed, and may keep that as its answer.
    Broken,
    /// Nobody knows, or nobody was asked: it is asked for again.
    Unknown {
        /// Whether somebody must look.
        alarm: bool,
    },
}

impl RefundAnswer {
    /// The answer where the provider has no such amount.
    pub(super) fn not_refundable() -> Self {
        Self::Refused { code: NOT_REFUNDABLE.to_owned() }
    }

    /// What came of asking for that refund.
    pub(super) fn of(called: &Result<HttpReply, CallError<HttpError>>, asked: &RefundAsked) -> Self {
        let Ok(reply) = called else { return Self::Unknown { alarm: false } };
        if reply.status == StatusCode::OK {
            return match MadeRefund::read(&reply.body) {
                Some(made) if asked.has_made(&made) => Self::Made(made),
                made => Self::Unknown { alarm: made.is_some() },
            };
        }
        if reply.status.is_server_error() {
            return Self::Broken;
        }
        let Ok(Refusal { error }) = serde_json::from_slice(&reply.body) else {
            return Self::Unknown { alarm: reply.status.is_client_error() };
        };
        match refused(&error) {
            Some(code) if matches!(reply.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) => {
                Self::Refused { code }
            }
            _ => {
                let passes = matches!(reply.status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS);
                Self::Unknown { alarm: reply.status.is_client_error() && !passes }
            }
        }
    }

    /// The kind, for the log.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Made(_) => "made",
            Self::Refused { .. } => "refused",
            Self::Broken => "broken",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// The code of an error by which nothing is given back for good.
fn refused(error: &WireError) -> Option<String> {
    if error.kind != "invalid_request_error" {
        return None;
    }
    let code = error.code();
    match code.as_str() {
        code if FINAL.contains(&code) => Some(code.to_owned()),
        "unknown" | "parameter_invalid_integer" if error.param.as_deref() == Some("amount") => {
            Some(TOO_MUCH.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
