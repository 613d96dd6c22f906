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

/// How long a device is known by its token.
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The audience of the tokens by which devices are known again, which open nothing.
const DEVICE_AUDIENCE: &str = "grafono-device";

/// How far ahead of ours the clock of the function that issued a token may be.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What a token says (RFC 7519 §4.1 where it has a name for it). Unknown claims are passed over: while a deployment rolls,
/// old functions read what new ones issue.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The member.
    sub: Uuid,
    clinic: Uuid,
    role: String,
    /// The session.
    sid: Uuid,
    /// The access version.
    ver: i64,
    /// The assurance.
    aal: i16,
    /// When the caller proved who it is.
    auth: Timestamp,
    iat: Timestamp,
    nbf: Timestamp,
    exp: Timestamp,
    jti: Uuid,
}

#[derive(Serialize, Deserialize)]
struct DeviceClaims {
    iss: String,
    aud: String,
    /// The hash of the address that somebody signed in with.
    sub: String,
    iat: Timestamp,
    exp: Timestamp,
    jti: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    kid: String,
}

/// Verifies access tokens with a fixed set of public keys; without keys, no token is good.
#[derive(Default)]
pub struct TokenVerifier {
    issuer: String,
    keys: Vec<(String, AsymmetricPublicKey<V4>)>,
}

/// Issues access tokens with the current secret key.
pub struct TokenSigner {
    issuer: String,
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
    /// From public keys in PASERK form (`k4.public.…`), separated by commas, for tokens of this issuer.
    pub fn from_paserk(keys: &str, issuer: &str) -> Result<Self, SettingError> {
        let parsed = keys.split(',').map(|key| {
            let key = AsymmetricPublicKey::<V4>::try_from(key.trim()).map_err(|_| SettingError::Malformed)?;
            Ok((key_id(&key)?, key))
        });
        Ok(Self { issuer: issuer.to_owned(), keys: parsed.collect::<Result<_, _>>()? })
    }

    /// The caller that a token names, or the fault of the token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Fault> {
        let claims = self.claims(token).ok_or_else(|| Fault::from(&TOKEN_INVALID))?;
        let is_for_us = claims.iss == self.issuer && claims.aud == AUDIENCE;
        if !is_for_us || claims.iat.max(claims.nbf) > now + CLOCK_SKEW {
            return Err(Fault::from(&TOKEN_INVALID));
        }
        if claims.exp <= now {
            return Err(Fault::from(&TOKEN_EXPIRED));
        }
        let role = claims.role.parse::<Role>().map_err(|_| Fault::from(&TOKEN_INVALID))?;
        Ok(Principal {
            user_id: claims.sub,
            clinic_id: claims.clinic,
            session_id: claims.sid,
            role,
            access_version: claims.ver,
            assurance: claims.aal,
            authenticated_at: claims.auth,
        })
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
    /// From the secret key in PASERK form (`k4.secret.…`), in the name of this issuer.
    pub fn from_paserk(key: &str, issuer: &str) -> Result<Self, SettingError> {
        let key = AsymmetricSecretKey::<V4>::try_from(key.trim()).map_err(|_| SettingError::Malformed)?;
        let public = AsymmetricPublicKey::try_from(&key).map_err(|_| SettingError::Malformed)?;
        let footer = Footer { kid: key_id(&public)? };
        let footer = serde_json::to_vec(&footer).map_err(|_| SettingError::Malformed)?;
        Ok(Self { issuer: issuer.to_owned(), footer, key })
    }

    /// A token for `principal` with this id, valid for [`LIFETIME`] from `now`.
    pub fn issue(&self, principal: &Principal, id: Uuid, now: Timestamp) -> Result<String, Fault> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: principal.user_id,
            clinic: principal.clinic_id,
            role: principal.role.name().to_owned(),
            sid: principal.session_id,
            ver: principal.access_version,
            aal: principal.assurance,
            auth: principal.authenticated_at,
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
            jti: id,
        };
        self.sign(&claims)
    }

    /// A token by which a device is known again on which somebody has signed in with the address of this hash.
    pub fn issue_device(&self, address_hash: &str, id: Uuid, now: Timestamp) -> Result<String, Fault> {
        let claims = DeviceClaims {
            iss: self.issuer.clone(),
            aud: DEVICE_AUDIENCE.to_owned(),
            sub: address_hash.to_owned(),
            iat: now,
            exp: now + DEVICE_LIFETIME,
            jti: id,
        };
        self.sign(&claims)
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String, Fault> {
        let payload = serde_json::to_vec(claims).map_err(|_| Fault::internal("claims did not serialise"))?;
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
    const ISSUER: &str = "https://app.example";

    fn pair() -> (TokenSigner, TokenVerifier) {
        let (secret, public) = new_key_pair().unwrap();
        (
            TokenSigner::from_paserk(&secret, ISSUER).unwrap(),
            TokenVerifier::from_paserk(&public, ISSUER).unwrap(),
        )
    }

    fn somebody() -> Principal {
        Principal {
            user_id: Uuid::from_u128(1),
            clinic_id: Uuid::from_u128(2),
            session_id: Uuid::from_u128(3),
            role: Role::FrontDesk,
            access_version: 4,
            assurance: 1,
            authenticated_at: NOW - SignedDuration::from_hours(1),
        }
    }

    fn issued(signer: &TokenSigner) -> String {
        signer.issue(&somebody(), Uuid::nil(), NOW).unwrap()
    }

    #[test]
    fn a_token_names_its_caller_until_the_second_it_expires() {
        let (signer, verifier) = pair();
        let token = issued(&signer);
        let last = NOW + LIFETIME - SignedDuration::from_micros(1);
        assert_eq!(verifier.verify(&token, last).unwrap(), somebody());
        assert_eq!(verifier.verify(&token, NOW + LIFETIME).unwrap_err().problem.code, "TOKEN_EXPIRED");
    }

    #[test]
    fn a_token_of_another_key_is_refused_even_under_our_key_id() {
        let (signer, _) = pair();
        let (mut other, verifier) = pair();
        let token = issued(&signer);
        assert_eq!(verifier.verify(&token, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
        other.key = signer.key;
        let forged = issued(&other);
        assert_eq!(verifier.verify(&forged, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
    }

    #[test]
    fn changed_and_hostile_tokens_are_refused() {
        let (signer, verifier) = pair();
        let token = issued(&signer);
        let long = "v4.public.".to_owned() + &"A".repeat(100_000);
        for hostile in ["", "v4.public.", "v4.public.AAAA", "v4.local.AAAA", &token[..token.len() - 2], &long]
        {
            assert_eq!(verifier.verify(hostile, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
        }
    }

    /// What the token of somebody says, with one member changed.
    fn saying(signer: &TokenSigner, name: &str, value: serde_json::Value) -> String {
        let token = issued(signer);
        let untrusted = UntrustedToken::<Public, V4>::try_from(token.as_str()).unwrap();
        let mut claims: serde_json::Value = serde_json::from_slice(untrusted.untrusted_payload()).unwrap();
        claims[name] = value;
        let footer = Some(signer.footer.as_slice());
        PublicToken::sign(&signer.key, claims.to_string().as_bytes(), footer, None).unwrap()
    }

    #[test]
    fn a_token_for_others_by_others_or_from_the_future_is_refused() {
        let (signer, verifier) = pair();
        let invalid = |token: &str| verifier.verify(token, NOW).unwrap_err().problem.code;
        for (name, value) in [
            ("aud", "grafono-device"),
            ("aud", ""),
            ("iss", "https://staging.example"),
            ("iss", "https://app.example/"),
            ("role", "god"),
            ("iat", "1970-01-01T00:01:00.000001Z"),
            ("nbf", "1970-01-01T00:01:00.000001Z"),
            ("sid", "not an id"),
        ] {
            assert_eq!(invalid(&saying(&signer, name, value.into())), "TOKEN_INVALID", "{name} {value}");
        }
        assert_eq!(invalid(&saying(&signer, "sid", serde_json::Value::Null)), "TOKEN_INVALID");
        for (name, value) in
            [("iat", "1970-01-01T00:01:00Z"), ("nbf", "1970-01-01T00:01:00Z"), ("plan", "pro")]
        {
            assert_eq!(verifier.verify(&saying(&signer, name, value.into()), NOW).unwrap(), somebody());
        }
    }

    #[test]
    fn the_end_is_exact() {
        let (signer, verifier) = pair();
        let ends = |seconds: i64| {
            saying(&signer, "exp", (NOW + SignedDuration::from_secs(seconds)).to_string().into())
        };
        assert!(verifier.verify(&ends(1), NOW).is_ok());
        for seconds in [0, -1] {
            assert_eq!(verifier.verify(&ends(seconds), NOW).unwrap_err().problem.code, "TOKEN_EXPIRED");
        }
    }

    #[test]
    fn two_keys_are_good_while_one_takes_the_place_of_the_other_and_then_the_new_one_alone() {
        let (old, new) = (new_key_pair().unwrap(), new_key_pair().unwrap());
        let signers = [&old, &new].map(|pair| TokenSigner::from_paserk(&pair.0, ISSUER).unwrap());
        let both = TokenVerifier::from_paserk(&format!("{}, {}", old.1, new.1), ISSUER).unwrap();
        let after = TokenVerifier::from_paserk(&new.1, ISSUER).unwrap();
        let [of_old, of_new] = signers.map(|signer| issued(&signer));
        assert!(both.verify(&of_old, NOW).is_ok() && both.verify(&of_new, NOW).is_ok());
        assert!(after.verify(&of_new, NOW).is_ok());
        assert_eq!(after.verify(&of_old, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
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
        let token = issued(&signer);
        // Of the last character of each part only some bits count.
        for at in ("v4.public.".len()..token.len() - 1).filter(|at| !token[at + 1..].starts_with('.')) {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(verifier.verify(&changed, NOW).unwrap_err().problem.code, "TOKEN_INVALID", "{at}");
        }
    }
}
