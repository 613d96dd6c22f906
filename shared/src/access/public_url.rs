//! The program's public address, as a part.

use crate::parts::{Noted, Part, Reader, Requirements};
use crate::settings::{Form, Parameter, Setting, SettingError};

const PUBLIC_URL: Setting = Setting::required(
    "PUBLIC_URL",
    "where people reach the program, e.g. `https://app.example.com`: links in mails begin with it, and access tokens \
     name it as their issuer",
)
.parameter(Parameter::new(
    "PublicUrl",
    Form::Matches(
        "^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$",
        "an address such as https://app.example.com",
    ),
));

/// The program's public address, without a slash at its end: links in mails begin with it, and tokens are issued in its
/// name.
#[derive(Debug)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address, such as `https://app.example.com`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its origin, as browsers send it: without a path.
    pub fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |scheme| scheme + 3);
        let end = self.0.get(host..).and_then(|rest| rest.find('/')).map_or(self.0.len(), |path| host + path);
        self.0.get(..end).unwrap_or_default()
    }
}

impl Part for PublicUrl {
    const NAME: &'static str = "public url";
    const REQUIREMENTS: Requirements = Requirements::settings(&[PUBLIC_URL]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        settings.required(&PUBLIC_URL, public_url).map(Self)
    }
}

/// The address that links begin with, such as `https://app.example.com`; `http` for this machine alone.
fn public_url(url: &str) -> Result<String, SettingError> {
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
    fn an_origin_has_no_path() {
        for url in ["https://app.example:8443", "https://app.example:8443/clinic/a"] {
            assert_eq!(PublicUrl(url.to_owned()).origin(), "https://app.example:8443");
        }
    }

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
