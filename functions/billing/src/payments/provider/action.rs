//! What the provider wants the customer to do.

use super::wire::WireIntent;
use jiff::Timestamp;
use shared::validation::Secret;

/// The most letters of a client secret and of a Pix.
const CLIENT_SECRET: usize = 255;
const QR_CODE: usize = 1024;

/// What the customer has to do.
#[derive(Debug, Clone)]
pub enum Action {
    /// The owner of the card authenticates on the provider's own page.
    Authenticate {
        /// What that page needs.
        client_secret: Secret,
    },
    /// Somebody pays a Pix.
    PayPix {
        /// The text of its QR code.
        qr_code: String,
        /// The provider takes it until then.
        expires_at: Timestamp,
    },
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Authenticate { client_secret: one }, Self::Authenticate { client_secret: other }) => {
                one.expose() == other.expose()
            }
            (
                Self::PayPix { qr_code: one, expires_at: at },
                Self::PayPix { qr_code: other, expires_at: other_at },
            ) => (one, at) == (other, other_at),
            _ => false,
        }
    }
}

impl Eq for Action {}

impl Action {
    /// The action of an intent that waits for one; none where it waits for none, or for one that is not known here.
    pub(super) fn of(found: &WireIntent) -> Option<Self> {
        let wanted = found.next_action.as_ref().filter(|_| found.status == "requires_action")?;
        match (wanted.kind.as_str(), &wanted.pix_display_qr_code) {
            ("use_stripe_sdk" | "redirect_to_url", _) => {
                let client_secret = found.client_secret.as_deref();
                let client_secret = client_secret.filter(|text| is_client_secret(text))?.to_owned();
                Some(Self::Authenticate { client_secret: Secret::new(client_secret) })
            }
            ("pix_display_qr_code", Some(pix)) => {
                let qr_code = Some(&pix.data).filter(|text| is_qr_code(text))?.clone();
                Some(Self::PayPix { qr_code, expires_at: Timestamp::from_second(pix.expires_at).ok()? })
            }
            _ => None,
        }
    }

    /// Until when the provider takes it, where it says so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Authenticate { .. } => None,
            Self::PayPix { expires_at, .. } => Some(*expires_at),
        }
    }
}

fn is_client_secret(text: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    text.len() <= CLIENT_SECRET && text.starts_with("pi_") && text.bytes().all(is_plain)
}

/// A Pix is a text of visible letters (Banco Central do Brasil, "Manual de Padrões para Iniciação do Pix").
fn is_qr_code(text: &str) -> bool {
    (1..=QR_CODE).contains(&text.len()) && text.bytes().all(|letter| (b' '..=b'~').contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn action(status: &str, client_secret: &str, next_action: &serde_json::Value) -> Option<Action> {
        let intent = json!({
            "id": "pi_1", "status": status, "amount": 1, "currency": "brl", "created": 1,
            "client_secret": client_secret, "next_action": next_action,
        });
        Action::of(&serde_json::from_value(intent).unwrap())
    }

    #[test]
    fn a_customer_authenticates_or_pays() {
        let sdk =
            json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } });
        let secret = Secret::new("pi_1_secret_2".to_owned());
        assert_eq!(
            action("requires_action", "pi_1_secret_2", &sdk),
            Some(Action::Authenticate { client_secret: secret })
        );
        let pix = json!({ "type": "pix_display_qr_code", "pix_display_qr_code": { "data": "0002 x", "expires_at": 60 } });
        let expected =
            Action::PayPix { qr_code: "0002 x".to_owned(), expires_at: Timestamp::from_second(60).unwrap() };
        assert_eq!(action("requires_action", "pi_1_secret_2", &pix), Some(expected));
    }

    #[test]
    fn what_is_odd_is_nothing_that_is_handed_on() {
        let sdk = json!({ "type": "use_stripe_sdk" });
        assert_eq!(action("processing", "pi_1_secret_2", &sdk), None);
        for odd in ["", "sk_live_1", "pi_1_secret_<script>", &format!("pi_{}", "a".repeat(253))] {
            assert_eq!(action("requires_action", odd, &sdk), None, "{odd}");
        }
        assert_eq!(action("requires_action", "pi_1_secret_2", &json!({ "type": "boleto" })), None);
        assert_eq!(
            action("requires_action", "pi_1_secret_2", &json!({ "type": "pix_display_qr_code" })),
            None
        );
        for odd in ["", "a\nb", "é", &"a".repeat(1025)] {
            let pix = json!({ "type": "pix_display_qr_code", "pix_display_qr_code": { "data": odd, "expires_at": 60 } });
            assert_eq!(action("requires_action", "pi_1_secret_2", &pix), None, "{odd}");
        }
    }
}
