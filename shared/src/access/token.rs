//! Access tokens: PASETO v4.public (Ed25519), ten minutes, keys named by `kid` (C2).
//!
//! The claims are checked against the injected clock. Nothing of a token is believed before its signature is checked.

use crate::access::{Principal, Role, random};
use crate::failure::Fault;
use crate::failure::problem::{TOKEN_EXPIRED, TOKEN_INVALID};
use crate::settings::SettingError;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use jiff::{SignedDuration, Timestamp};
use pasetors::Public;
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token lives.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The audience of access tokens.
const AUDIENCE: &str = "grafono";

/// The longest token that may be one of ours, in characters.
const LONGEST: usize = 2_048;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sub: Uuid,
    clinic: Uuid,
    role: String,
    aud: String,
    iat: Timestamp,
    exp: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    kid: String,
}

/// Verifies access tokens with a fixed set of public keys; without keys, no token is good.
#[derive(Default)]
pub struct TokenVerifier {
    keys: Vec<(String, AsymmetricPublicKey<V4>)>,
}

/// Issues access tokens with the current secret key.
pub struct TokenSigner {
    footer: Vec<u8>,
    key: AsymmetricSecretKey<V4>,
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenSigner")
    }
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.keys.iter().map(|(kid, _)| kid)).finish()
    }
}

impl TokenVerifier {
    /// From public keys in PASERK form (`k4.public.…`), separated by commas.
    pub fn from_paserk(keys: &str) -> Result<Self, SettingError> {
        let parsed = keys.split(',').map(|key| {
            let key = AsymmetricPublicKey::<V4>::try_from(key.trim()).map_err(|_| SettingError::Malformed)?;
            Ok((key_id(&key)?, key))
        });
        Ok(Self { keys: parsed.collect::<Result<_, _>>()? })
    }

    /// The caller that a token names, or the fault of the token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Fault> {
        let claims = self.claims(token).ok_or_else(|| Fault::from(&TOKEN_INVALID))?;
        if claims.aud != AUDIENCE || claims.iat > now + SignedDuration::from_secs(60) {
            return Err(Fault::from(&TOKEN_INVALID));
        }
        if claims.exp <= now {
            return Err(Fault::from(&TOKEN_EXPIRED));
        }
        let role = claims.role.parse::<Role>().map_err(|_| Fault::from(&TOKEN_INVALID))?;
        Ok(Principal { user_id: claims.sub, clinic_id: claims.clinic, role, issued_at: claims.iat })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let untrusted = UntrustedToken::<Public, V4>::try_from(token).ok()?;
        let footer: Footer = serde_json::from_slice(untrusted.untrusted_footer()).ok()?;
        let (_, key) = self.keys.iter().find(|(kid, _)| *kid == footer.kid)?;
        if !has_signed(key, &untrusted) {
            return None;
        }
        serde_json::from_slice(untrusted.untrusted_payload()).ok()
    }
}

/// Whether the token was signed with that key, by the specification of PASETO, version 4, "public", without an implicit
/// assertion. AWS-LC takes less than half of the time of `pasetors` for an Ed25519 signature, which is most of what a
/// short call computes. TLS brings AWS-LC into every function anyway.
fn has_signed(key: &AsymmetricPublicKey<V4>, token: &UntrustedToken<Public, V4>) -> bool {
    let payload = token.untrusted_payload();
    let Some(signature) = token.untrusted_message().get(payload.len()..) else { return false };
    let signed = pre_authentication_encoding(&[b"v4.public.", payload, token.untrusted_footer(), b""]);
    UnparsedPublicKey::new(&ED25519, key.as_bytes()).verify(&signed, signature).is_ok()
}

/// The bytes that PASETO signs (PAE): each piece behind its length, so that no piece can pass for a part of another.
fn pre_authentication_encoding(pieces: &[&[u8]]) -> Vec<u8> {
    let length = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX).to_le_bytes();
    let mut encoded = Vec::from(length(pieces.len()));
    for piece in pieces {
        encoded.extend(length(piece.len()));
        encoded.extend(*piece);
    }
    encoded
}

impl TokenSigner {
    /// From the secret key in PASERK form (`k4.secret.…`).
    pub fn from_paserk(key: &str) -> Result<Self, SettingError> {
        let key = AsymmetricSecretKey::<V4>::try_from(key.trim()).map_err(|_| SettingError::Malformed)?;
        let public = AsymmetricPublicKey::try_from(&key).map_err(|_| SettingError::Malformed)?;
        let footer = Footer { kid: key_id(&public)? };
        let footer = serde_json::to_vec(&footer).map_err(|_| SettingError::Malformed)?;
        Ok(Self { footer, key })
    }

    /// A token for `principal`, valid for [`LIFETIME`] from the instant that it says.
    pub fn issue(&self, principal: &Principal) -> Result<String, Fault> {
        let now = principal.issued_at;
        let claims = Claims {
            sub: principal.user_id,
            clinic: principal.clinic_id,
            role: principal.role.name().to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + LIFETIME,
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| Fault::internal("claims did not serialise"))?;
        PublicToken::sign(&self.key, &payload, Some(&self.footer), None)
            .map_err(|_| Fault::internal("the token could not be signed"))
    }
}

/// The key's PASERK id (`k4.pid.…`), which names it in the footer.
fn key_id(key: &AsymmetricPublicKey<V4>) -> Result<String, SettingError> {
    let mut id = String::new();
    Id::from(key).fmt(&mut id).map_err(|_| SettingError::Malformed)?;
    Ok(id)
}

/// A new key pair in PASERK form, secret and public, for a machine that has none yet.
pub fn new_key_pair() -> Result<(String, String), SettingError> {
    let seed = random::bytes::<32>().map_err(|_| SettingError::Malformed)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| SettingError::Malformed)?;
    let key = [&seed, pair.public_key().as_ref()].concat();
    let key = AsymmetricSecretKey::<V4>::from(&key).map_err(|_| SettingError::Malformed)?;
    let mut secret = String::new();
    key.fmt(&mut secret).map_err(|_| SettingError::Malformed)?;
    let public = public_key(&secret)?;
    Ok((secret, public))
}

/// The public key, in PASERK form, of a secret one.
pub fn public_key(secret: &str) -> Result<String, SettingError> {
    let key = AsymmetricSecretKey::<V4>::try_from(secret.trim()).map_err(|_| SettingError::Malformed)?;
    let key = AsymmetricPublicKey::try_from(&key).map_err(|_| SettingError::Malformed)?;
    let mut public = String::new();
    key.fmt(&mut public).map_err(|_| SettingError::Malformed)?;
    Ok(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn pair() -> (TokenSigner, TokenVerifier) {
        let (secret, public) = new_key_pair().unwrap();
        (TokenSigner::from_paserk(&secret).unwrap(), TokenVerifier::from_paserk(&public).unwrap())
    }

    fn somebody() -> Principal {
        let (user_id, clinic_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Principal { user_id, clinic_id, role: Role::FrontDesk, issued_at: NOW }
    }

    #[test]
    fn a_token_names_its_caller_until_the_second_it_expires() {
        let (signer, verifier) = pair();
        let token = signer.issue(&somebody()).unwrap();
        let last = NOW + LIFETIME - SignedDuration::from_micros(1);
        assert_eq!(verifier.verify(&token, last).unwrap(), somebody());
        assert_eq!(verifier.verify(&token, NOW + LIFETIME).unwrap_err().problem.code, "TOKEN_EXPIRED");
    }

    #[test]
    fn a_token_of_another_key_is_refused_even_under_our_key_id() {
        let (signer, _) = pair();
        let (mut other, verifier) = pair();
        let token = signer.issue(&somebody()).unwrap();
        assert_eq!(verifier.verify(&token, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
        other.key = signer.key;
        let forged = other.issue(&somebody()).unwrap();
        assert_eq!(verifier.verify(&forged, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
    }

    #[test]
    fn changed_and_hostile_tokens_are_refused() {
        let (signer, verifier) = pair();
        let token = signer.issue(&somebody()).unwrap();
        let long = "v4.public.".to_owned() + &"A".repeat(100_000);
        for hostile in ["", "v4.public.", "v4.public.AAAA", "v4.local.AAAA", &token[..token.len() - 2], &long]
        {
            assert_eq!(verifier.verify(hostile, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
        }
    }

    #[test]
    fn a_token_for_another_audience_or_from_the_future_is_refused() {
        let (signer, verifier) = pair();
        let token =
            signer.issue(&Principal { issued_at: NOW + SignedDuration::from_mins(5), ..somebody() }).unwrap();
        assert_eq!(verifier.verify(&token, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
        let claims = r#"{"sub":"00000000-0000-0000-0000-000000000001","clinic":"00000000-0000-0000-0000-000000000002","role":"owner","aud":"other","iat":"1970-01-01T00:00:00Z","exp":"1970-01-01T00:10:00Z"}"#;
        let other = PublicToken::sign(&signer.key, claims.as_bytes(), Some(&signer.footer), None).unwrap();
        assert_eq!(verifier.verify(&other, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
    }

    /// Of the specification's own test vectors: what is signed, alone, before a footer, and with an implicit assertion.
    const VECTORS: [(&str, bool); 3] = [
        (
            "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA",
            true,
        ),
        (
            "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9v3Jt8mx_TdM2ceTGoqwrh4yDFn0XsHvvV_D0DtwQxVrJEBMl0F2caAdgnpKlt4p7xBnx1HcO-SPo8FPp214HDw.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            true,
        ),
        (
            "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9NPWciuD3d0o5eXJXG5pJy-DiVEoyPYWs1YSTwWHNJq6DZD3je5gf-0M4JR9ipdUSJbIovzmBECeaWmaqcaP0DQ.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            false,
        ),
    ];

    #[test]
    fn signatures_are_checked_as_the_specification_says() {
        let key = "1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2";
        let bytes = (0..32).map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap());
        let key = AsymmetricPublicKey::<V4>::from(&bytes.collect::<Vec<_>>()).unwrap();
        for (token, is_signed) in VECTORS {
            assert_eq!(has_signed(&key, &UntrustedToken::try_from(token).unwrap()), is_signed, "{token}");
        }
    }

    #[test]
    fn a_token_with_any_character_changed_is_refused() {
        let (signer, verifier) = pair();
        let token = signer.issue(&somebody()).unwrap();
        // Of the last character of each part only some bits count.
        for at in ("v4.public.".len()..token.len() - 1).filter(|at| !token[at + 1..].starts_with('.')) {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(verifier.verify(&changed, NOW).unwrap_err().problem.code, "TOKEN_INVALID", "{at}");
        }
    }
}
