//! The caller by a PASETO v4.public token.

use crate::event::Event;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use jiff::Timestamp;
use lambda_runtime::Error;
use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::V4;
use serde::Deserialize;
use uuid::Uuid;

pub(crate) struct Verifier(AsymmetricPublicKey<V4>);

#[derive(Deserialize)]
struct Claims {
    #[serde(flatten)]
    caller: Caller,
    clinic: Uuid,
    role: String,
    aud: String,
    exp: Timestamp,
}

/// The member, its session, and the version of what it may do.
#[derive(Deserialize)]
pub(crate) struct Caller {
    pub(crate) sub: Uuid,
    pub(crate) sid: Uuid,
    pub(crate) ver: i64,
}

impl Verifier {
    /// From a key in PASERK form, `k4.public.…`.
    pub(crate) fn new(paserk: &str) -> Result<Self, Error> {
        Ok(Self(AsymmetricPublicKey::try_from(paserk).map_err(|_| "TOKEN_PUBLIC_KEYS is no key")?))
    }

    /// The caller and its clinic. With `signed` false, the signature is not looked at.
    pub(crate) fn caller(&self, event: &Event, now: Timestamp, signed: bool) -> Option<(Caller, Uuid)> {
        let token = event.headers.get("authorization")?.strip_prefix("Bearer ")?;
        let untrusted = UntrustedToken::<Public, V4>::try_from(token).ok()?;
        if signed && !self.has_signed(&untrusted) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(untrusted.untrusted_payload()).ok()?;
        let is_ours = claims.aud == "grafono" && claims.exp > now && claims.role == "owner";
        is_ours.then_some((claims.caller, claims.clinic))
    }

    fn has_signed(&self, token: &UntrustedToken<Public, V4>) -> bool {
        let payload = token.untrusted_payload();
        let pieces: [&[u8]; 4] = [b"v4.public.", payload, token.untrusted_footer(), b""];
        let mut signed = 4_u64.to_le_bytes().to_vec();
        for piece in pieces {
            signed.extend((piece.len() as u64).to_le_bytes());
            signed.extend(piece);
        }
        let signature = token.untrusted_message().get(payload.len()..).unwrap_or_default();
        UnparsedPublicKey::new(&ED25519, self.0.as_bytes()).verify(&signed, signature).is_ok()
    }
}
