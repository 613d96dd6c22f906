//! Secrets that are handed out, in a link for example, and come back. A secret is its clinic's id and 256 random bits;
//! only its hash is kept. The id leads to the one clinic in which the hash is looked up. What belongs to an account in all of
//! its clinics has the account's id instead.

use super::random;
use crate::failure::Fault;
use crate::validation::Secret;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The clinic's id and the random bits.
const BYTES: usize = 16 + 32;

/// A secret as it is handed out.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken([u8; BYTES]);

impl std::fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LinkToken")
    }
}

impl LinkToken {
    /// A new secret of a clinic.
    pub fn new(clinic: Uuid) -> Result<Self, Fault> {
        Ok(Self::of(clinic, random::bytes()?))
    }

    /// The secret of a clinic with these random bits.
    pub fn of(clinic: Uuid, bits: [u8; 32]) -> Self {
        let mut bytes = [0; BYTES];
        let (of_clinic, secret) = bytes.split_at_mut(16);
        of_clinic.copy_from_slice(clinic.as_bytes());
        secret.copy_from_slice(&bits);
        Self(bytes)
    }

    /// The secret that follows this one by a nonce: the HMAC-SHA256 of the nonce under this one's bits. Whoever has this one
    /// can be told it again; whoever has the nonce alone, and this one's hash, cannot tell it.
    #[must_use]
    pub fn successor(&self, nonce: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.bits());
        let mut bits = [0; 32];
        bits.copy_from_slice(hmac::sign(&key, nonce).as_ref());
        Self::of(self.clinic(), bits)
    }

    /// A secret that came back, with whatever blanks somebody pasted around it; none when the text cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let blank = |it: char| it.is_whitespace() || matches!(it, '\u{200B}' | '\u{FEFF}');
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_matches(blank)).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The secret's text: 64 characters that need no escape in a link.
    pub fn text(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The clinic that the secret names. Only the hash proves that this clinic handed it out.
    pub fn clinic(&self) -> Uuid {
        Uuid::from_slice(self.0.get(..16).unwrap_or_default()).unwrap_or_default()
    }

    /// The account that the secret names, where it is one of an account. Only the hash proves that it was handed out.
    pub fn account(&self) -> Uuid {
        self.clinic()
    }

    /// The hash that is kept: SHA-256, 32 bytes. A slow hash would add nothing to 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }

    /// The hash that is kept of a secret that was made before its clinic was known: of the random bits alone.
    pub fn secret_hash(&self) -> Vec<u8> {
        hash_of(self.bits())
    }

    fn bits(&self) -> &[u8] {
        self.0.get(16..).unwrap_or_default()
    }
}

/// The hash of random bits, as [`LinkToken::secret_hash`] has it.
pub fn hash_of(bits: &[u8]) -> Vec<u8> {
    Sha256::digest(bits).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_out_is_known_when_it_comes_back_and_knows_its_clinic() {
        let clinic = Uuid::from_u128(7);
        let secret = LinkToken::new(clinic).unwrap();
        let text = secret.text();
        assert_eq!(text.expose().len(), 64);
        let back = LinkToken::read(text.expose()).unwrap();
        assert_eq!((back.clinic(), back.hash()), (clinic, secret.hash()));
        assert_eq!(format!("{secret:?}"), "LinkToken");
        let pasted = LinkToken::read(&format!("\u{FEFF} \t{}\r\n\u{A0}", text.expose())).unwrap();
        assert_eq!(pasted.hash(), secret.hash());
    }

    #[test]
    fn no_two_are_alike_and_a_hash_is_of_clinic_and_bits() {
        let clinic = Uuid::from_u128(7);
        let (one, other) = (LinkToken::new(clinic).unwrap(), LinkToken::new(clinic).unwrap());
        assert_ne!(one.hash(), other.hash());
        let mut moved = one.clone();
        moved.0[0] = 1;
        assert_ne!(moved.hash(), one.hash());
    }

    #[test]
    fn a_successor_is_told_by_its_predecessor_and_the_nonce_alone() {
        let first = LinkToken::new(Uuid::from_u128(7)).unwrap();
        let next = first.successor(&[1; 32]);
        assert_eq!(next, first.successor(&[1; 32]));
        assert_eq!(next.clinic(), first.clinic());
        let other = LinkToken::new(Uuid::from_u128(7)).unwrap();
        for different in [first.successor(&[2; 32]), other.successor(&[1; 32]), first.clone()] {
            assert_ne!(different.secret_hash(), next.secret_hash());
        }
        assert_eq!(next.secret_hash(), hash_of(next.bits()));
        assert_ne!(next.secret_hash(), next.hash());
    }

    #[test]
    fn what_cannot_be_one_is_none() {
        for text in ["", "x", &"A".repeat(63), &"A".repeat(65), &"é".repeat(32), &"=".repeat(64)] {
            assert_eq!(LinkToken::read(text), None, "{text}");
        }
    }
}
