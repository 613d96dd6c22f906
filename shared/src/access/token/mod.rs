//! Access tokens: ten minutes, keys named by `kid` (C2). They are PASETO v4.public, or, with `TOKEN_FORMAT=jwt`, JWTs that
//! are signed with `EdDSA` (RFC 9068, RFC 8037); a deployment has one format, and a verifier takes no other.
//!
//! The claims are checked against the injected clock. Nothing of a token is believed before its signature is checked.

mod device;
mod documents;
#[cfg(feature = "jwt")]
mod jwt;
mod keys;
mod paseto;

pub use device::{DEVICE_LIFETIME, KnownDevice};
pub use documents::{DocumentKey, DocumentSigner};
pub use keys::{JwkSet, new_key_pair, public_key};

use crate::access::{Principal, Role};
use crate::failure::Fault;
use crate::failure::problem::{TOKEN_EXPIRED, TOKEN_INVALID};
use crate::settings::SettingError;
use jiff::{SignedDuration, Timestamp};
use keys::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token lives.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The pattern of access tokens, of either format.
pub const PATTERN: &str = r"^(v4\.public\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$";

/// The audience of access tokens.
const AUDIENCE: &str = "grafono";

/// How far ahead of ours the clock of the function that issued a token may be.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The longest token that may be one of ours, in characters.
const LONGEST: usize = 2_048;

/// The format of a deployment's access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenFormat {
    /// PASETO v4.public.
    #[default]
    Paseto,
    /// A JWT, signed with `EdDSA`.
    #[cfg(feature = "jwt")]
    Jwt,
}

impl TokenFormat {
    /// The format of that name; JWTs where they are built in.
    pub fn named(name: &str) -> Result<Self, SettingError> {
        match name {
            "paseto" => Ok(Self::Paseto),
            #[cfg(feature = "jwt")]
            "jwt" => Ok(Self::Jwt),
            #[cfg(not(feature = "jwt"))]
            "jwt" => Err(SettingError::Expected("paseto: this was built without the feature jwt".into())),
            _ => Err(SettingError::Malformed),
        }
    }
}

/// What a token says (RFC 7519 §4.1 where it has a name for it), with its instants as the format writes them. Unknown claims
/// are passed over: while a deployment rolls, old functions read what new ones issue.
#[derive(Serialize, Deserialize)]
struct Claims<T> {
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
    /// The plan. A token without one, or with one of a later release, is one of the smallest plan.
    #[serde(default)]
    plan: String,
    /// When the caller proved who it is.
    auth: Timestamp,
    iat: T,
    nbf: T,
    exp: T,
    jti: Uuid,
}

#[cfg(feature = "jwt")]
impl<T> Claims<T> {
    /// The same claims with other instants.
    fn timed<U>(self, [iat, nbf, exp]: [U; 3]) -> Claims<U> {
        let Self { iss, aud, sub, clinic, role, sid, ver, aal, plan, auth, jti, .. } = self;
        Claims { iss, aud, sub, clinic, role, sid, ver, aal, plan, auth, iat, nbf, exp, jti }
    }
}

/// Verifies access tokens with a fixed set of public keys; without keys, no token is good.
#[derive(Default)]
pub struct TokenVerifier {
    format: TokenFormat,
    issuer: String,
    keys: Vec<PublicKey>,
}

/// Issues access tokens with the current secret key.
pub struct TokenSigner {
    format: TokenFormat,
    issuer: String,
    key: keys::SecretKey,
}

impl std::fmt::Debug for TokenSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenSigner")
    }
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

impl TokenVerifier {
    /// From public keys in PASERK form (`k4.public.…`), separated by commas, for PASETO tokens of this issuer.
    pub fn from_paserk(keys: &str, issuer: &str) -> Result<Self, SettingError> {
        let keys = keys.split(',').map(|key| PublicKey::from_paserk(key.trim()));
        Ok(Self {
            format: TokenFormat::Paseto,
            issuer: issuer.to_owned(),
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// As the verifier, for tokens of this format alone.
    #[must_use]
    pub fn of_format(self, format: TokenFormat) -> Self {
        Self { format, ..self }
    }

    /// The public keys, for others who verify our tokens.
    pub fn key_set(&self) -> JwkSet {
        JwkSet::of(&self.keys)
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
            plan: claims.plan.parse().unwrap_or_default(),
            authenticated_at: claims.auth,
        })
    }

    fn claims(&self, token: &str) -> Option<Claims<Timestamp>> {
        if token.len() > LONGEST {
            return None;
        }
        match self.format {
            TokenFormat::Paseto => paseto::claims(token, &self.keys),
            #[cfg(feature = "jwt")]
            TokenFormat::Jwt => jwt::claims(token, &self.keys),
        }
    }
}

impl TokenSigner {
    /// From the secret key in PASERK form (`k4.secret.…`), for PASETO tokens in the name of this issuer.
    pub fn from_paserk(key: &str, issuer: &str) -> Result<Self, SettingError> {
        let key = keys::SecretKey::from_paserk(key.trim())?;
        Ok(Self { format: TokenFormat::Paseto, issuer: issuer.to_owned(), key })
    }

    /// As the signer, of access tokens of this format.
    #[must_use]
    pub fn of_format(self, format: TokenFormat) -> Self {
        Self { format, ..self }
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
            plan: principal.plan.name().to_owned(),
            auth: principal.authenticated_at,
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
            jti: id,
        };
        match self.format {
            TokenFormat::Paseto => paseto::sign(&self.key, &claims),
            #[cfg(feature = "jwt")]
            TokenFormat::Jwt => jwt::sign(&self.key, claims),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Plan;

    pub(super) const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const ISSUER: &str = "https://app.example";

    pub(super) fn pair() -> (TokenSigner, TokenVerifier) {
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
            plan: Plan::Pro,
            authenticated_at: NOW - SignedDuration::from_hours(1),
        }
    }

    fn secret_of(signer: &TokenSigner) -> String {
        use pasetors::paserk::FormatAsPaserk as _;
        let mut secret = String::new();
        signer.key.key.fmt(&mut secret).unwrap();
        secret
    }

    pub(super) fn issued(signer: &TokenSigner) -> String {
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
        other.key.key = signer.key.key;
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
        let own = [PublicKey::from_paserk(&public_key(&secret_of(signer)).unwrap()).unwrap()];
        let mut claims: serde_json::Value = paseto::claims(&issued(signer), &own).unwrap();
        claims[name] = value;
        paseto::sign(&signer.key, &claims).unwrap()
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
