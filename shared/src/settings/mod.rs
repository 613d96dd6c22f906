//! How a setting is read and what is wrong with one, and settings that are kept as secrets. All are checked at start (C9):
//! a bad one ends the process with a line that names the key, never the value.

mod secrets;
mod stored;

pub use secrets::{BoxFuture, SecretError, SecretStore, StoredSecret};
pub(crate) use stored::{StoredSettings, secret};

use std::fmt;

/// Where settings are read: the environment's variables, by key.
pub type Variables<'a> = dyn Fn(&'static str) -> Option<String> + 'a;

/// Why a setting does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is there and cannot be read as what it should be.
    #[error("is not in the expected form")]
    Malformed,
    /// So is its other form, of this key.
    #[error("is given, and so is {0}: exactly one of them is needed")]
    GivenTwice(&'static str),
    /// Nor is its other form, of this key.
    #[error("is missing, and so is {0}: exactly one of them is needed")]
    NeitherGiven(&'static str),
    /// It is the ARN of a secret that could not be fetched.
    #[error("names a secret that cannot be fetched: {0}")]
    NotFetched(SecretError),
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
