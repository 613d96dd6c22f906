//! The program's public address.

use crate::settings::SettingError;

/// The address that links begin with, such as `https://app.example.com`; `http` for this machine alone.
pub(super) fn public_url(url: &str) -> Result<String, SettingError> {
    let url = url.trim_end_matches('/');
    let uri: http::Uri = url.parse().map_err(|_| SettingError::Malformed)?;
    let host = uri.host().unwrap_or_default();
    let is_safe = match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => ["localhost", "127.0.0.1"].contains(&host),
        _ => false,
    };
    (is_safe && !url.contains(['?', '#', '@'])).then(|| url.to_owned()).ok_or(SettingError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_an_address_that_keeps_their_tokens_secret() {
        for good in [
            "https://app.example",
            "https://app.example/clinic",
            "http://localhost:3000",
            "http://127.0.0.1:1",
        ] {
            assert_eq!(public_url(good).as_deref(), Ok(good));
        }
        for bad in [
            "app.example",
            "http://app.example",
            "ftp://app.example",
            "https://",
            "https://a?b",
            "https://u@a",
        ] {
            assert_eq!(public_url(bad), Err(SettingError::Malformed), "{bad}");
        }
    }
}
