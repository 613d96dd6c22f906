//! Tokens by which devices are known again on which somebody has signed in. They open nothing; they say whose tries are whose.

use super::{CLOCK_SKEW, LONGEST, TokenSigner, TokenVerifier, paseto};
use crate::failure::Fault;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a device is known by its token.
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The audience of the tokens by which devices are known again, which open nothing.
const DEVICE_AUDIENCE: &str = "grafono-device";

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

/// A device on which somebody has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// The hash of the address that it was with.
    pub address_hash: String,
    /// When that was.
    pub since: Timestamp,
}

impl TokenVerifier {
    /// The device of this token; none when it is not one of ours, or too old.
    pub fn known_device(&self, device_token: &str, now: Timestamp) -> Option<KnownDevice> {
        if device_token.len() > LONGEST {
            return None;
        }
        let claims: DeviceClaims = paseto::claims(device_token, &self.keys)?;
        let is_for_us = claims.iss == self.issuer && claims.aud == DEVICE_AUDIENCE;
        let is_good = is_for_us && claims.exp > now && claims.iat <= now + CLOCK_SKEW;
        is_good.then_some(KnownDevice { address_hash: claims.sub, since: claims.iat })
    }
}

impl TokenSigner {
    /// A token by which a device is known again on which somebody has signed in with the address of this hash; PASETO,
    /// whatever the format of access tokens, as nobody else reads it.
    pub fn issue_device(&self, address_hash: &str, id: Uuid, now: Timestamp) -> Result<String, Fault> {
        let claims = DeviceClaims {
            iss: self.issuer.clone(),
            aud: DEVICE_AUDIENCE.to_owned(),
            sub: address_hash.to_owned(),
            iat: now,
            exp: now + DEVICE_LIFETIME,
            jti: id,
        };
        paseto::sign(&self.key, &claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::tests::{NOW, issued, pair};

    #[test]
    fn a_device_is_known_for_one_address_and_180_days_and_no_other_token_makes_it_known() {
        let ((signer, verifier), (other, _)) = (pair(), pair());
        let device = |signer: &TokenSigner| signer.issue_device("hash", Uuid::nil(), NOW).unwrap();
        let known = device(&signer);
        let expected = KnownDevice { address_hash: "hash".to_owned(), since: NOW };
        assert_eq!(verifier.known_device(&known, NOW), Some(expected));
        assert_eq!(verifier.known_device(&known, NOW + DEVICE_LIFETIME), None);
        for unknown in [device(&other), issued(&signer), String::new(), "v4.public.AAAA".to_owned()] {
            assert_eq!(verifier.known_device(&unknown, NOW), None);
        }
        assert_eq!(verifier.verify(&known, NOW).unwrap_err().problem.code, "TOKEN_INVALID");
    }
}
