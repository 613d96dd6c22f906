//! Reading settings, their errors, and settings that are kept as secrets. All settings are checked at start (C9): a bad
//! setting ends the process with a line that names the key, never the value.

mod secrets;
mod setting;
mod stored;

pub use secrets::{BoxFuture, SecretError, SecretStore, StoredSecret};
pub use setting::{Form, Given, Need, Parameter, Setting, any_secret};
pub(crate) use stored::StoredSettings;

use std::borrow::Cow;
use std::fmt;

/// The source of settings: the environment's variables, by key.
pub type Variables<'a> = dyn Fn(&'static str) -> Option<String> + Send + Sync + 'a;

/// The error of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The setting is not there.
    #[error("is missing")]
    Missing,
    /// The setting does not have the right form, as its reader finds. A declared setting then says its form.
    #[error("is not in the expected form")]
    Malformed,
    /// The setting does not have its form, which is this.
    #[error("must be {0}")]
    Expected(Cow<'static, str>),
    /// The setting is given in both forms; this is the other key.
    #[error("is given, and so is {0}: exactly one of them is needed")]
    GivenTwice(&'static str),
    /// The setting is given in neither form; this is the other key.
    #[error("is missing, and so is {0}: exactly one of them is needed")]
    NeitherGiven(&'static str),
    /// The setting is read, but not declared: a mistake in the code of the part that reads it.
    #[error("is read without being declared")]
    Undeclared,
    /// The setting is the ARN of a secret that could not be fetched.
    #[error("names a secret that cannot be fetched: {0}")]
    NotFetched(SecretError),
}

/// Every bad setting, by key.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSettings(pub Vec<(&'static str, SettingError)>);

impl fmt::Display for BadSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|(key, error)| format!("{key} {error}")).collect();
        formatter.write_str(&lines.join("; "))
    }
}

impl std::error::Error for BadSettings {}
