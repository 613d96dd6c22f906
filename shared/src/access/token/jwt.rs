//! Tokens as JWTs that are signed with `EdDSA`, of the type of RFC 9068.
//!
//! The header may have three members and no other: what it could say beyond (`jwk`, `jku`, `x5u`, `crit`, …) would let a token
//! say how it is to be checked. The algorithm is ours, whatever the header says (RFC 8725 §3.1).

use super::Claims;
use super::keys::{PublicKey, SecretKey};
use crate::failure::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;

/// The type of access tokens (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// What stands before an Ed25519 seed in PKCS #8 (RFC 8410 §7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The claims of a token that was signed with one of the keys.
pub(super) fn claims(token: &str, keys: &[PublicKey]) -> Option<Claims<Timestamp>> {
    let (header, _) = token.split_once('.')?;
    let header: OwnHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header.alg != "EdDSA" || header.typ != TYPE {
        return None;
    }
    let key = DecodingKey::from_ed_der(PublicKey::named(keys, &header.kid)?.as_bytes());
    // The claims are judged by the injected clock, as those of the other format are.
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud, validation.leeway) = (false, false, 0);
    let claims = jsonwebtoken::decode::<Claims<i64>>(token, &key, &validation).ok()?.claims;
    let instant = |seconds: i64| Timestamp::from_second(seconds).ok();
    let instants = [instant(claims.iat)?, instant(claims.nbf)?, instant(claims.exp)?];
    Some(claims.timed(instants))
}

/// A token with these claims. A JWT's instants are whole seconds (RFC 7519 §2): it begins and ends a part of one earlier.
pub(super) fn sign(key: &SecretKey, claims: Claims<Timestamp>) -> Result<String, Fault> {
    let seconds = [claims.iat, claims.nbf, claims.exp].map(Timestamp::as_second);
    let mut header = Header::new(Algorithm::EdDSA);
    (header.typ, header.kid) = (Some(TYPE.to_owned()), Some(key.kid.clone()));
    let seed = key.key.as_bytes().get(..32).unwrap_or_default();
    let key = EncodingKey::from_ed_der(&[&PKCS8, seed].concat());
    jsonwebtoken::encode(&header, &claims.timed(seconds), &key)
        .map_err(|_| Fault::internal("the token could not be signed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::{TokenFormat, new_key_pair};
    use crate::access::{Plan, Principal, Role, TokenSigner, TokenVerifier};
    use jiff::SignedDuration;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const ISSUER: &str = "https://app.example";

    fn now() -> Timestamp {
        Timestamp::from_microsecond(1_700_000_000_123_456).unwrap()
    }

    fn pair() -> (TokenSigner, TokenVerifier) {
        let (secret, public) = new_key_pair().unwrap();
        let signer = TokenSigner::from_paserk(&secret, ISSUER).unwrap().of_format(TokenFormat::Jwt);
        (signer, TokenVerifier::from_paserk(&public, ISSUER).unwrap().of_format(TokenFormat::Jwt))
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
            authenticated_at: now() - SignedDuration::from_hours(1),
        }
    }

    fn issued(signer: &TokenSigner) -> String {
        signer.issue(&somebody(), Uuid::nil(), now()).unwrap()
    }

    fn part(token: &str, at: usize) -> Value {
        let part = token.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    /// A token with this header and these claims, signed with the signer's key.
    fn forged(signer: &TokenSigner, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let content = format!("{}.{}", encode(header), encode(claims));
        let seed = signer.key.key.as_bytes().get(..32).unwrap();
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(pair.sign(content.as_bytes())))
    }

    #[track_caller]
    fn assert_refused(verifier: &TokenVerifier, token: &str) {
        assert_eq!(verifier.verify(token, now()).unwrap_err().problem.code, "TOKEN_INVALID", "{token}");
    }

    #[test]
    fn a_token_names_its_caller_and_is_what_rfc_9068_has() {
        let (signer, verifier) = pair();
        let token = issued(&signer);
        assert_eq!(verifier.verify(&token, now()).unwrap(), somebody());
        let kid = &signer.key.kid;
        assert_eq!(part(&token, 0), json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid }));
        let claims = part(&token, 1);
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_700_000_000), &json!(1_700_000_600)));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!("grafono")));
    }

    #[test]
    fn the_end_is_exact_to_the_second() {
        let (signer, verifier) = pair();
        let token = issued(&signer);
        let end = Timestamp::from_second(1_700_000_600).unwrap();
        assert!(verifier.verify(&token, end - SignedDuration::from_secs(1)).is_ok());
        assert!(verifier.verify(&token, end - SignedDuration::from_micros(1)).is_ok());
        for late in [SignedDuration::ZERO, SignedDuration::from_secs(1)] {
            assert_eq!(verifier.verify(&token, end + late).unwrap_err().problem.code, "TOKEN_EXPIRED");
        }
    }

    #[test]
    fn no_other_algorithm_type_or_header_is_taken_though_the_key_has_signed_it() {
        let (signer, verifier) = pair();
        let (header, claims) = (part(&issued(&signer), 0), part(&issued(&signer), 1));
        assert!(verifier.verify(&forged(&signer, &header, &claims), now()).is_ok(), "forging works");
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("NONE")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!("Ed25519")),
            ("alg", json!(["EdDSA"])),
            ("typ", json!("JWT")),
            ("typ", json!("rt+jwt")),
            ("typ", Value::Null),
            ("kid", json!("another")),
            ("kid", Value::Null),
            ("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" })),
            ("jku", json!("https://hostile.example/jwks.json")),
            ("x5u", json!("https://hostile.example/x.pem")),
            ("x5c", json!([])),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
        ] {
            let mut changed = header.clone();
            changed[name] = value;
            assert_refused(&verifier, &forged(&signer, &changed, &claims));
        }
    }

    #[test]
    fn the_public_key_is_no_shared_secret_and_no_signature_is_none() {
        let (signer, verifier) = pair();
        let token = issued(&signer);
        let claims = part(&token, 1);
        let public = verifier.keys[0].key.as_bytes();
        for alg in ["HS256", "EdDSA"] {
            let header = json!({ "alg": alg, "typ": "at+jwt", "kid": signer.key.kid });
            let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
            let content = format!("{}.{}", encode(&header), encode(&claims));
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public);
            let mac = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, content.as_bytes()));
            assert_refused(&verifier, &format!("{content}.{mac}"));
            assert_refused(&verifier, &format!("{content}."));
            assert_refused(&verifier, &content);
        }
    }

    #[test]
    fn what_is_for_others_by_others_or_cut_short_is_refused() {
        let (signer, verifier) = pair();
        let (header, claims) = (part(&issued(&signer), 0), part(&issued(&signer), 1));
        for (name, value) in [
            ("iss", json!("https://staging.example")),
            ("aud", json!("grafono-device")),
            ("aud", json!(["grafono"])),
            ("iat", json!(1_700_000_061)),
            ("nbf", json!(1_700_000_061)),
            ("exp", json!("2100-01-01T00:00:00Z")),
            ("exp", json!(1e300)),
            ("exp", Value::Null),
            ("sid", Value::Null),
        ] {
            let mut changed = claims.clone();
            changed[name] = value;
            assert_refused(&verifier, &forged(&signer, &header, &changed));
        }
        let token = issued(&signer);
        for cut in [1, 10, 43, 86, 90] {
            assert_refused(&verifier, &token[..token.len() - cut]);
        }
        assert_refused(&verifier, &"A".repeat(8_192));
        assert_refused(&verifier, &format!("{token}.{token}"));
        let (other, _) = pair();
        assert_refused(&verifier, &issued(&other));
    }

    #[test]
    fn a_deployment_takes_one_format() {
        let (signer, verifier) = pair();
        let as_jwt = issued(&signer);
        let as_paseto = issued(&signer.of_format(TokenFormat::Paseto));
        assert_refused(&verifier, &as_paseto);
        let of_paseto = verifier.of_format(TokenFormat::Paseto);
        assert_refused(&of_paseto, &as_jwt);
        assert!(of_paseto.verify(&as_paseto, now()).is_ok());
    }

    #[test]
    fn two_keys_are_good_while_one_takes_the_place_of_the_other() {
        let (old, new) = (new_key_pair().unwrap(), new_key_pair().unwrap());
        let of = |keys: &str| TokenVerifier::from_paserk(keys, ISSUER).unwrap().of_format(TokenFormat::Jwt);
        let both = of(&format!("{},{}", old.1, new.1));
        for secret in [&old.0, &new.0] {
            let signer = TokenSigner::from_paserk(secret, ISSUER).unwrap().of_format(TokenFormat::Jwt);
            assert!(both.verify(&issued(&signer), now()).is_ok());
        }
        let signer = TokenSigner::from_paserk(&old.0, ISSUER).unwrap().of_format(TokenFormat::Jwt);
        assert_refused(&of(&new.1), &issued(&signer));
    }
}
