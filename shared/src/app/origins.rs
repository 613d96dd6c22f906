//! The origins that browsers may call from.

use crate::parts::{Noted, Reader};
use crate::settings::{Form, Parameter, Setting, SettingError};

/// The setting, which every function reads.
pub const CORS_ALLOWED_ORIGINS: Setting = Setting::optional(
    "CORS_ALLOWED_ORIGINS",
    "exact origins that browsers may call from, separated by commas; none unless given",
)
.parameter(
    Parameter::new(
        "CorsAllowedOrigins",
        Form::Matches(
            "^(https://[a-z0-9.:-]+(,https://[a-z0-9.:-]+)*)?$",
            "exact origins such as https://app.example.com, separated by commas, without a * or a path",
        ),
    )
    .or(""),
);

pub(super) fn read(settings: &Reader<'_>) -> Result<Vec<String>, Noted> {
    settings.optional(&CORS_ALLOWED_ORIGINS, origins).map(Option::unwrap_or_default)
}

/// Exact origins such as `https://app.example.com`. A wildcard is refused, because requests carry tokens.
fn origins(list: &str) -> Result<Vec<String>, SettingError> {
    let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            let (scheme, host) = origin.split_once("://").ok_or(SettingError::Malformed)?;
            let plain = matches!(scheme, "https" | "http") && !host.is_empty() && !host.contains(['/', '*']);
            plain.then(|| origin.to_owned()).ok_or(SettingError::Malformed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact_and_a_wildcard_is_none() {
        let read = origins("https://a.example, http://localhost:5173,").unwrap();
        assert_eq!(read, ["https://a.example", "http://localhost:5173"]);
        for none in
            ["*", "https://*.example", "a.example", "https://a.example/", "ftp://a.example", "https://"]
        {
            assert_eq!(origins(none), Err(SettingError::Malformed), "{none}");
        }
    }
}
