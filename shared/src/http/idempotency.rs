//! The header `Idempotency-Key` (E2): its form, and the fingerprint of a request. The claim of a key stands in
//! [`database::claim`](crate::database::claim).

use crate::failure::Fault;
use crate::failure::problem::IDEMPOTENCY_KEY_INVALID;
use crate::http::Route;
use http::HeaderName;
use serde_json::Value;
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

/// The hash by which two requests are the same: of method, route, the versions that may be edited (`If-Match`), and the input as it
/// was read. How the input was spelled does not count: `100.0` is `100`, a member that is null is absent where that
/// means the same, an id has no case.
pub fn fingerprint(route: &Route, versions: Option<&[i64]>, input: &Value) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [route.method.as_str(), route.template, &format!("{versions:?}"), &input.to_string()] {
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
    fn every_part_of_a_request_changes_its_fingerprint_and_the_order_of_members_does_not() {
        let of = |route: Route, version: Option<i64>, body: &str| {
            let versions = version.as_ref().map(std::slice::from_ref);
            fingerprint(&route, versions, &serde_json::from_str(body).unwrap())
        };
        let one = of(Route::patch("/a/{id}"), Some(1), r#"{"x":1,"y":2}"#);
        assert_eq!(of(Route::patch("/a/{id}"), Some(1), r#"{"y":2,"x":1}"#), one);
        for other in [
            of(Route::post("/a/{id}"), Some(1), r#"{"x":1,"y":2}"#),
            of(Route::patch("/b/{id}"), Some(1), r#"{"x":1,"y":2}"#),
            of(Route::patch("/a/{id}"), Some(2), r#"{"x":1,"y":2}"#),
            of(Route::patch("/a/{id}"), None, r#"{"x":1,"y":2}"#),
            of(Route::patch("/a/{id}"), Some(1), r#"{"x":1,"y":3}"#),
        ] {
            assert_ne!(other, one);
        }
    }
}
