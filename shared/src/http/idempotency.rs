//! The header `Idempotency-Key` (E2): its form, and the fingerprint of a request. The claim of a key stands in
//! [`database::claim`](crate::database::claim).

use crate::failure::Fault;
use crate::failure::problem::IDEMPOTENCY_KEY_INVALID;
use http::HeaderName;
use sha2::{Digest as _, Sha256};

/// The request header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key, when `key` is 1 to 255 printable ASCII characters.
pub fn checked(key: &[u8]) -> Result<String, Fault> {
    let printable = key.iter().all(|byte| (0x20..=0x7e).contains(byte));
    match std::str::from_utf8(key) {
        Ok(key) if printable && (1..=255).contains(&key.len()) => Ok(key.to_owned()),
        _ => Err(Fault::from(&IDEMPOTENCY_KEY_INVALID)),
    }
}

/// The hash by which two requests are the same: of method, path, the edited version (`If-Match`), and the body as a
/// JSON value, whatever its spacing or key order.
pub fn fingerprint(method: &str, path: &str, version: &[u8], body: &[u8]) -> Vec<u8> {
    let canonical = serde_json::from_slice::<serde_json::Value>(body)
        .map_or_else(|_| body.to_vec(), |value| value.to_string().into_bytes());
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), path.as_bytes(), version, &canonical] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_printable_ascii_characters() {
        assert!(checked(b"k").is_ok());
        assert!(checked(&[b'k'; 255]).is_ok());
        for bad in [&b""[..], &[b'k'; 256], b"a\x7f", "ключ".as_bytes(), b"a\tb"] {
            assert_eq!(checked(bad).unwrap_err().problem.code, "IDEMPOTENCY_KEY_INVALID");
        }
    }

    #[test]
    fn spacing_and_key_order_do_not_change_a_fingerprint_but_values_and_paths_do() {
        let of = |path, body: &str| fingerprint("POST", path, b"", body.as_bytes());
        assert_eq!(of("/a", r#"{"x":1,"y":2}"#), of("/a", "{ \"y\": 2, \"x\": 1 }"));
        assert_ne!(of("/a", r#"{"x":1}"#), of("/a", r#"{"x":2}"#));
        assert_ne!(of("/a", r#"{"x":1}"#), of("/b", r#"{"x":1}"#));
    }
}
