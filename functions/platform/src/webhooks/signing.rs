//! Secrets and signatures, as the Standard Webhooks specification has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sha2::Sha256;
use shared::access::random;
use shared::failure::Fault;
use std::fmt;
use uuid::Uuid;

/// 256 random bits that deliveries to one endpoint are signed with.
#[derive(JsonSchema)]
#[schemars(
    transparent,
    description = "Signs what is sent to the endpoint. It is shown this once and never again.",
    example = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)]
pub struct SigningSecret(
    #[schemars(with = "String", regex(pattern = "^whsec_[A-Za-z0-9+/]{43}=$"))] [u8; 32],
);

impl SigningSecret {
    /// A new one.
    pub(super) fn random() -> Result<Self, Fault> {
        random::bytes().map(Self)
    }

    /// The bits, as the table keeps them.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret")
    }
}

/// `whsec_` and the bits in base64, for the one reply that hands the secret out.
impl Serialize for SigningSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("whsec_{}", STANDARD.encode(self.0)))
    }
}

/// The value of `webhook-signature`: a signature by each secret, the current one first, separated by spaces.
/// `timestamp` is the time of sending, in seconds since 1970.
pub(super) fn signatures(secrets: &[Vec<u8>], event: Uuid, timestamp: i64, body: &[u8]) -> String {
    let signed: Vec<String> =
        secrets.iter().map(|secret| signature(secret, event, timestamp, body)).collect();
    signed.join(" ")
}

/// `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
fn signature(secret: &[u8], event: Uuid, timestamp: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length, so this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{event}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_are_shown_by_their_prefix_and_printed_by_their_name() {
        let (one, two) = (SigningSecret::random().unwrap(), SigningSecret::random().unwrap());
        assert_ne!(one.0, two.0);
        let shown = serde_json::to_value(&one).unwrap();
        assert!(shown.as_str().unwrap().starts_with("whsec_"));
        assert_eq!(format!("{one:?}"), "SigningSecret");
    }

    #[test]
    fn a_signature_is_over_id_timestamp_and_body() {
        // By Python: base64(hmac.new(bytes(range(32)), b"<id>.1795255200.{}", sha256).digest())
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let secret: Vec<u8> = (0..32).collect();
        assert_eq!(
            signatures(&[secret], id, 1_795_255_200, b"{}"),
            "v1,2ZFBGsBRRBxUOwH1H0v5zFb4q82H7ZWm0BDonXh4MyU="
        );
    }

    #[test]
    fn each_secret_signs_for_itself() {
        let both = signatures(&[vec![1], vec![2]], Uuid::nil(), 0, b"");
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, signatures(&[vec![1]], Uuid::nil(), 0, b""));
        assert_ne!(first, second);
    }
}
