//! The document and its version.

use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Generated from the declarations of all modules by `cargo run -- generate`.
pub(super) const OPENAPI: &str = include_str!("../../../openapi.json");

/// Other bytes have another tag, the same bytes the same one in every instance.
static ETAG: LazyLock<String> = LazyLock::new(|| etag_of(OPENAPI));

/// The document's version as a strong `ETag`.
pub(super) fn etag() -> &'static str {
    &ETAG
}

fn etag_of(text: &str) -> String {
    use std::fmt::Write as _;
    let mut tag = String::from("\"");
    for byte in Sha256::digest(text).iter().take(16) {
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
        assert_eq!(etag_of(""), "\"e3b0c44298fc1c149afbf4c8996fb924\"");
        assert_ne!(etag_of("{}"), etag_of("{ }"));
    }
}
