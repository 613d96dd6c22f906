//! A receipt's document: its content as it was signed, with the signature.

use super::content::Content;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shared::access::token::DocumentKey;
use shared::failure::Fault;

/// The content of a receipt, signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The exact bytes that are signed.
    pub(super) content: String,
    /// The id of the key (PASERK).
    pub(super) key_id: String,
    /// Ed25519, in base64.
    pub(super) signature: String,
}

impl std::fmt::Debug for Document {
    /// The type alone: it says who paid.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Document")
    }
}

impl Document {
    /// The document of a content and its signature.
    pub(super) fn of(content: String, key_id: String, signature: &[u8]) -> Self {
        Self { content, key_id, signature: STANDARD.encode(signature) }
    }

    /// What was signed, word by word.
    pub fn signed(&self) -> &str {
        &self.content
    }

    /// What was signed, to be read.
    pub(super) fn content(&self) -> Result<Content, Fault> {
        Content::read(&self.content)
    }

    /// Whether the content is what the holder of this key has signed.
    pub fn is_signed_by(&self, key: &DocumentKey) -> bool {
        let signature = STANDARD.decode(&self.signature).unwrap_or_default();
        self.key_id == key.id() && key.verifies(self.content.as_bytes(), &signature)
    }
}
