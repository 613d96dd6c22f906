//! Signatures of documents (Ed25519), by which whoever has the public key knows that a document is ours and was not changed.
//! The keys have the form of those of tokens and are others: what signs a document never signs a token.

use super::keys::{PublicKey, SecretKey};
use crate::failure::Fault;
use crate::settings::SettingError;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

/// What signs documents.
pub struct DocumentSigner {
    id: String,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for DocumentSigner {
    /// The public key's id.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DocumentSigner({})", self.id)
    }
}

impl DocumentSigner {
    /// The signer of a key in PASERK form, `k4.secret.…`.
    ///
    /// # Errors
    /// For what is no such key.
    pub fn from_paserk(key: &str) -> Result<Self, SettingError> {
        let SecretKey { kid, key } = SecretKey::from_paserk(key.trim())?;
        let seed = key.as_bytes().get(..32).unwrap_or_default();
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SettingError::Malformed)?;
        Ok(Self { id: kid, pair })
    }

    /// The PASERK id of the public key, `k4.pid.…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The signature of a document: the same each time.
    ///
    /// # Errors
    /// None that is known.
    pub fn sign(&self, document: &[u8]) -> Result<[u8; 64], Fault> {
        self.pair
            .sign(document)
            .as_ref()
            .try_into()
            .map_err(|_| Fault::internal("a signature of another length"))
    }
}

/// What shows that a document was signed.
pub struct DocumentKey(PublicKey);

impl std::fmt::Debug for DocumentKey {
    /// The key's id.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DocumentKey({})", self.0.kid)
    }
}

impl DocumentKey {
    /// The public key in PASERK form, `k4.public.…`.
    ///
    /// # Errors
    /// For what is no such key.
    pub fn from_paserk(key: &str) -> Result<Self, SettingError> {
        PublicKey::from_paserk(key.trim()).map(Self)
    }

    /// Its PASERK id, `k4.pid.…`.
    pub fn id(&self) -> &str {
        &self.0.kid
    }

    /// Whether this is the signature of the document.
    pub fn verifies(&self, document: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0.key.as_bytes()).verify(document, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::new_key_pair;

    #[test]
    fn a_document_is_known_by_its_key_and_no_other_one_is() {
        let (secret, public) = new_key_pair().unwrap();
        let (signer, key) =
            (DocumentSigner::from_paserk(&secret).unwrap(), DocumentKey::from_paserk(&public).unwrap());
        let signature = signer.sign(b"a document").unwrap();
        assert_eq!((signer.id(), signature), (key.id(), signer.sign(b"a document").unwrap()));
        assert!(key.verifies(b"a document", &signature));
        let other = DocumentKey::from_paserk(&new_key_pair().unwrap().1).unwrap();
        assert!(!key.verifies(b"another document", &signature) && !other.verifies(b"a document", &signature));
        assert!(!key.verifies(b"a document", &signature[..63]) && !key.verifies(b"a document", b""));
        assert!(DocumentSigner::from_paserk(&public).is_err() && DocumentKey::from_paserk(&secret).is_err());
        assert!(!format!("{signer:?}").contains(&secret[10..20]));
    }
}
