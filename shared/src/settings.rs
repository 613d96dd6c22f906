//! Settings, all checked at start (C9). A bad one ends the process with a line that names the key, never the value.

use crate::database::Database;
use crate::token::{TokenSigner, TokenVerifier};
use std::fmt;

/// Why a setting does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is there and cannot be read as what it should be.
    #[error("is not in the expected form")]
    Malformed,
}

/// Every setting that does not do, by key.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSettings(pub Vec<(&'static str, SettingError)>);

impl fmt::Display for BadSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|(key, error)| format!("{key} {error}")).collect();
        formatter.write_str(&lines.join("; "))
    }
}

impl std::error::Error for BadSettings {}

/// What a function needs to know to run.
#[derive(Debug)]
pub struct Settings {
    /// `DATABASE_URL`, under the module's own role; `DATABASE_CONNECTIONS` of them, 1 unless given.
    pub database: Database,
    /// `TOKEN_PUBLIC_KEYS`: PASERK `k4.public.…`, separated by commas, the current one and those rotated out.
    pub verifier: TokenVerifier,
    /// `TOKEN_SECRET_KEY`: PASERK `k4.secret.…`, only where tokens are issued.
    pub signer: Option<TokenSigner>,
    /// `CORS_ALLOWED_ORIGINS`: exact origins, separated by commas; none unless given.
    pub allowed_origins: Vec<String>,
}

impl Settings {
    /// Reads all settings through `variable`. `issues_tokens` says whether the secret key is needed.
    pub fn read(
        variable: &dyn Fn(&'static str) -> Option<String>,
        issues_tokens: bool,
    ) -> Result<Self, BadSettings> {
        let required = |key| variable(key).filter(|value| !value.is_empty()).ok_or(SettingError::Missing);
        let connections = || match variable("DATABASE_CONNECTIONS") {
            None => Ok(1),
            Some(text) => {
                text.parse().ok().filter(|count| (1..=100).contains(count)).ok_or(SettingError::Malformed)
            }
        };
        let connections = connections();
        let size = *connections.as_ref().unwrap_or(&1);
        let database = required("DATABASE_URL").and_then(|url| Database::at(&url, size));
        let verifier = required("TOKEN_PUBLIC_KEYS").and_then(|keys| TokenVerifier::from_paserk(&keys));
        let signer = issues_tokens
            .then(|| required("TOKEN_SECRET_KEY").and_then(|key| TokenSigner::from_paserk(&key)))
            .transpose();
        let origins = origins(variable("CORS_ALLOWED_ORIGINS"));
        match (database, connections, verifier, signer, origins) {
            (Ok(database), Ok(_), Ok(verifier), Ok(signer), Ok(allowed_origins)) => {
                Ok(Self { database, verifier, signer, allowed_origins })
            }
            (database, connections, verifier, signer, origins) => Err(bad([
                ("DATABASE_URL", database.err()),
                ("DATABASE_CONNECTIONS", connections.err()),
                ("TOKEN_PUBLIC_KEYS", verifier.err()),
                ("TOKEN_SECRET_KEY", signer.err()),
                ("CORS_ALLOWED_ORIGINS", origins.err()),
            ])),
        }
    }
}

fn bad<const N: usize>(outcomes: [(&'static str, Option<SettingError>); N]) -> BadSettings {
    BadSettings(outcomes.into_iter().filter_map(|(key, error)| Some((key, error?))).collect())
}

/// Exact origins such as `https://app.example.com`; a wildcard is refused, because tokens go with the requests.
fn origins(list: Option<String>) -> Result<Vec<String>, SettingError> {
    let list = list.unwrap_or_default();
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
    use crate::token::new_key_pair;

    const URL: &str = "postgresql://patients:canary-password@localhost/grafono";

    #[test]
    fn good_settings_are_read() {
        let (secret, public) = new_key_pair().unwrap();
        let variable = |key: &str| match key {
            "DATABASE_URL" => Some(URL.to_owned()),
            "TOKEN_PUBLIC_KEYS" => Some(public.clone()),
            "TOKEN_SECRET_KEY" => Some(secret.clone()),
            "CORS_ALLOWED_ORIGINS" => Some("https://a.example, http://localhost:5173".to_owned()),
            _ => None,
        };
        let settings = Settings::read(&|key| variable(key), true).unwrap();
        assert_eq!(settings.allowed_origins, ["https://a.example", "http://localhost:5173"]);
    }

    #[test]
    fn every_bad_setting_is_named_at_once_and_no_value_is_shown() {
        let variable = |key: &str| match key {
            "DATABASE_URL" => Some("canary:// not a url".to_owned()),
            "DATABASE_CONNECTIONS" => Some("canary".to_owned()),
            "CORS_ALLOWED_ORIGINS" => Some("*".to_owned()),
            _ => None,
        };
        let bad = Settings::read(&|key| variable(key), true).unwrap_err();
        assert_eq!(
            bad.to_string(),
            "DATABASE_URL is not in the expected form; DATABASE_CONNECTIONS is not in the expected form; \
             TOKEN_PUBLIC_KEYS is missing; TOKEN_SECRET_KEY is missing; \
             CORS_ALLOWED_ORIGINS is not in the expected form"
        );
    }
}
