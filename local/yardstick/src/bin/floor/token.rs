//! The caller by a PASETO v4.public token.

use crate::event::Event;
use jiff::Timestamp;
use lambda_runtime::Error;
use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use serde::Deserialize;
use uuid::Uuid;

pub(crate) struct Verifier(AsymmetricPublicKey<V4>);

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    clinic: Uuid,
    role: String,
    aud: String,
    exp: Timestamp,
}

impl Verifier {
    /// From a key in PASERK form, `k4.public.…`.
    pub(crate) fn new(paserk: &str) -> Result<Self, Error> {
        Ok(Self(AsymmetricPublicKey::try_from(paserk).map_err(|_| "TOKEN_PUBLIC_KEYS is no key")?))
    }

    /// The caller and its clinic. With `signed` false, the signature is not looked at.
    pub(crate) fn caller(&self, event: &Event, now: Timestamp, signed: bool) -> Option<(Uuid, Uuid)> {
        let token = event.headers.get("authorization")?.strip_prefix("Bearer ")?;
        let untrusted = UntrustedToken::<Public, V4>::try_from(token).ok()?;
        let claims: Claims = if signed {
            let trusted = PublicToken::verify(&self.0, &untrusted, None, None).ok()?;
            serde_json::from_str(trusted.payload()).ok()?
        } else {
            serde_json::from_slice(untrusted.untrusted_payload()).ok()?
        };
        let is_ours = claims.aud == "grafono" && claims.exp > now && claims.role == "owner";
        is_ours.then_some((claims.sub, claims.clinic))
    }
}
