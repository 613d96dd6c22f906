//! Tokens as PASETO v4.public.

use super::keys::{PublicKey, SecretKey};
use crate::failure::Fault;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Footer {
    kid: String,
}

/// The claims of a token that was signed with one of the keys.
pub(super) fn claims<C: DeserializeOwned>(token: &str, keys: &[PublicKey]) -> Option<C> {
    let untrusted = UntrustedToken::<Public, V4>::try_from(token).ok()?;
    let footer: Footer = serde_json::from_slice(untrusted.untrusted_footer()).ok()?;
    let key = PublicKey::named(keys, &footer.kid)?;
    if !has_signed(key, &untrusted) {
        return None;
    }
    serde_json::from_slice(untrusted.untrusted_payload()).ok()
}

/// A token with these claims.
pub(super) fn sign(key: &SecretKey, claims: &impl Serialize) -> Result<String, Fault> {
    let unwritten = |_| Fault::internal("claims did not serialise");
    let payload = serde_json::to_vec(claims).map_err(unwritten)?;
    let footer = serde_json::to_vec(&Footer { kid: key.kid.clone() }).map_err(unwritten)?;
    PublicToken::sign(&key.key, &payload, Some(&footer), None)
        .map_err(|_| Fault::internal("the token could not be signed"))
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
