//! The JSON of the provider's replies. Nobody vouches for it: it is read by its types, and no text of it goes further
//! that is not an id or a code.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::external::HttpReply;

/// The most letters of a code.
const CODE: usize = 64;

/// The most letters of an id, as the provider says.
const ID: usize = 255;

/// A payment intent.
#[derive(Deserialize)]
pub(super) struct WireIntent {
    id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) amount_received: i64,
    pub(super) currency: String,
    pub(super) created: Option<i64>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    pub(super) last_payment_error: Option<WireFailure>,
    pub(super) client_secret: Option<String>,
    pub(super) next_action: Option<WireAction>,
}

/// What the customer has to do.
#[derive(Deserialize)]
pub(super) struct WireAction {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) pix_display_qr_code: Option<WirePix>,
}

/// A Pix.
#[derive(Deserialize)]
pub(super) struct WirePix {
    pub(super) data: String,
    pub(super) expires_at: i64,
}

/// Why the last attempt at an intent failed.
#[derive(Deserialize)]
pub(super) struct WireFailure {
    code: Option<String>,
    decline_code: Option<String>,
}

/// A list of payment intents.
#[derive(Deserialize)]
pub(super) struct WireList {
    pub(super) data: Vec<WireIntent>,
    pub(super) has_more: bool,
}

/// A refund.
#[derive(Deserialize)]
pub(super) struct WireRefund {
    id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) payment_intent: Option<String>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    pub(super) failure_reason: Option<String>,
}

/// A list of refunds.
#[derive(Deserialize)]
pub(super) struct WireRefunds {
    pub(super) data: Vec<WireRefund>,
    pub(super) has_more: bool,
}

/// A reply that is an error.
#[derive(Deserialize)]
pub(super) struct Refusal {
    pub(super) error: WireError,
}

/// The error of a reply. Its message is not read.
#[derive(Deserialize)]
pub(super) struct WireError {
    #[serde(rename = "type")]
    pub(super) kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    pub(super) param: Option<String>,
    pub(super) payment_intent: Option<WireIntent>,
}

impl WireIntent {
    /// The id, if it is one: it goes into addresses and into our rows.
    pub(super) fn id(&self) -> Option<String> {
        is_intent_id(&self.id).then(|| self.id.clone())
    }

    /// What we once noted in the intent's metadata.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(name)?.as_str()
    }
}

impl WireRefund {
    /// The id, if it is one: it goes into addresses and into our rows.
    pub(super) fn id(&self) -> Option<String> {
        is_object_id(&self.id).then(|| self.id.clone())
    }

    /// What we once noted in the refund's metadata.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(name)?.as_str()
    }
}

impl WireFailure {
    pub(super) fn code(&self) -> String {
        code(self.code.as_deref())
    }

    /// The code of whoever declined, else the code.
    pub(super) fn decline_code(&self) -> String {
        code(self.decline_code.as_deref().or(self.code.as_deref()))
    }
}

impl WireError {
    pub(super) fn code(&self) -> String {
        code(self.code.as_deref())
    }

    /// The code of whoever declined, else the code.
    pub(super) fn decline_code(&self) -> String {
        code(self.decline_code.as_deref().or(self.code.as_deref()))
    }
}

/// Whether the text has the form of a payment intent's id.
pub(crate) fn is_intent_id(text: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    text.len() <= ID && text.len() > 3 && text.starts_with("pi_") && text.bytes().all(is_plain)
}

/// Whether the text has the form of an id of a refund or a dispute: a prefix, and what cannot lead to another address.
pub(crate) fn is_object_id(text: &str) -> bool {
    let Some((prefix, rest)) = text.split_once('_') else { return false };
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    (2..=4).contains(&prefix.len())
        && prefix.bytes().all(|letter| letter.is_ascii_lowercase())
        && (1..=120).contains(&rest.len())
        && rest.bytes().all(is_plain)
}

/// A code as it may be kept and shown: `[a-z0-9_]{1,64}`, and `unknown` where it is anything else.
pub(crate) fn code(text: Option<&str>) -> String {
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    let is_code = |text: &&str| (1..=CODE).contains(&text.len()) && text.bytes().all(is_plain);
    text.filter(is_code).unwrap_or("unknown").to_owned()
}

/// Whether the reply says that this intent is cancelled; also the refusal to cancel it again does.
pub(super) fn is_canceled(reply: &HttpReply, intent: &str) -> bool {
    let found = match reply.status {
        StatusCode::OK => serde_json::from_slice::<WireIntent>(&reply.body).ok(),
        _ => serde_json::from_slice::<Refusal>(&reply.body)
            .ok()
            .and_then(|refusal| refusal.error.payment_intent),
    };
    found.is_some_and(|found| found.id == intent && found.status == "canceled")
}

/// The code of a reply that is an error.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Refusal>(body).ok().map(|refusal| refusal.error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_and_plain_or_unknown() {
        let longest = "a".repeat(64);
        for known in ["card_declined", "3ds_1", longest.as_str()] {
            assert_eq!(code(Some(known)), known);
        }
        let too_long = "a".repeat(65);
        for odd in ["", "Card", "a b", "a-b", "ä", "a\n", "<script>", "'; --", "a\0", too_long.as_str()] {
            assert_eq!(code(Some(odd)), "unknown", "{odd}");
        }
        assert_eq!(code(None), "unknown");
    }

    #[test]
    fn an_id_cannot_lead_to_another_address() {
        assert!(is_intent_id("pi_3MtwBwLkdIwHu7ix28a3tqPa"));
        let too_long = format!("pi_{}", "a".repeat(253));
        for odd in ["", "pi_", "ch_1", "pi_1/cancel", "pi_..", "pi_1?a=b", "pi_1 ", "pi_é", too_long.as_str()]
        {
            assert!(!is_intent_id(odd), "{odd}");
            assert!(odd == "ch_1" || odd.starts_with("pi_a") || !is_object_id(odd), "{odd}");
        }
        for known in ["re_3MtwBw", "pyr_1", "du_1", "dp_1"] {
            assert!(is_object_id(known), "{known}");
        }
        for odd in ["re_", "_1", "r_1", "refund_1", "RE_1", "re", "re_1/", &format!("re_{}", "a".repeat(121))]
        {
            assert!(!is_object_id(odd), "{odd}");
        }
    }
}
