//! `Stripe-Signature`: HMAC-SHA256 over the time, a point and the body.

use crate::hex::hex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

/// The value of `Stripe-Signature` for a body that is sent at `at`: `t=…,v1=…`. The secret (`whsec_…`) is used as its
/// bytes.
pub fn sign(secret: &str, at: Timestamp, body: &str) -> String {
    let seconds = at.as_second();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(format!("{seconds}.{body}").as_bytes());
        hex(&mac.finalize().into_bytes())
    });
    // HMAC takes keys of any length.
    format!("t={seconds},v1={}", mac.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python's `hmac`.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let at = Timestamp::from_second(1_767_225_600).unwrap();
        assert_eq!(
            sign("whsec_test", at, r#"{"id":"evt_1","object":"event"}"#),
            "t=1767225600,v1=f4d5f51477c6698fe9d263cd98eb657ada2ab386dd3c4358048d61a566ce9ad7"
        );
    }
}
