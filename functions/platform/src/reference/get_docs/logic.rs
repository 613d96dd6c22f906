//! The page, its version and its policy.

use crate::reference::etag;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// The whole page but for Scalar's script.
pub(super) const PAGE: &str = include_str!("../page.html");

static ETAG: LazyLock<String> = LazyLock::new(|| etag::of(PAGE.as_bytes()));

static SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| security_policy_of(PAGE));

/// The page's version as a strong `ETag`.
pub(super) fn etag() -> &'static str {
    &ETAG
}

/// The page's `Content-Security-Policy`.
pub(super) fn security_policy() -> &'static str {
    &SECURITY_POLICY
}

/// Scripts: those of this origin, and the one that stands in the page. Calls: to this origin. Pictures: the page's
/// own. Styles stay open, because Scalar writes `style` attributes, for which there is neither hash nor nonce.
fn security_policy_of(page: &str) -> String {
    let script = page.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>"));
    let hash = STANDARD.encode(Sha256::digest(script.map_or("", |(script, _)| script)));
    format!(
        "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_of_the_page_is_allowed_by_its_hash() {
        let policy = security_policy_of("<style></style><script></script><script src=\"/x.js\"></script>");
        assert!(policy.contains("script-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';"));
        assert_ne!(policy, security_policy_of("<script>1</script>"));
    }

    #[test]
    fn the_page_has_the_version_and_the_policy_of_its_own_bytes() {
        assert_eq!(etag(), etag::of(PAGE.as_bytes()));
        assert_eq!(security_policy(), security_policy_of(PAGE));
        assert_ne!(security_policy(), security_policy_of(""));
    }
}
