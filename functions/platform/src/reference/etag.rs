//! The version of a document that is served as it was built.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The strong `ETag` of these bytes: other bytes have another one, and every instance has the same for the same bytes.
pub(super) fn of(bytes: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in Sha256::digest(bytes).iter().take(16) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_strong_and_follows_the_bytes() {
        assert_eq!(of(b""), "\"e3b0c44298fc1c149afbf4c8996fb924\"");
        assert_ne!(of(b"{}"), of(b"{ }"));
    }
}
