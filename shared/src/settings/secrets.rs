//! Secrets that are kept in a store and fetched (C8): at start, and once more when the fetched text no longer opens.

use crate::validation::Secret;
pub use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Why a secret could not be fetched, without any value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The store did not answer, or not in time.
    #[error("the store did not answer")]
    NoAnswer,
    /// The store refused, with the code of its error.
    #[error("the store answered {0}")]
    Refused(String),
    /// The secret is binary or empty.
    #[error("there is no text in it")]
    NoText,
}

/// A store of secrets.
pub trait SecretStore: Send + Sync {
    /// The secret's current text. Gives up after some seconds.
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>>;
}

/// One secret of a store.
#[derive(Clone)]
pub struct StoredSecret {
    store: Arc<dyn SecretStore>,
    arn: String,
}

impl StoredSecret {
    /// The secret of that ARN.
    pub fn new(store: Arc<dyn SecretStore>, arn: String) -> Self {
        Self { store, arn }
    }

    /// The secret's current text, without the line break at the end of a text from a file.
    pub async fn fetch(&self) -> Result<Secret, SecretError> {
        let secret = self.store.fetch(&self.arn).await?;
        match secret.expose().trim() {
            "" => Err(SecretError::NoText),
            text => Ok(Secret::new(text.to_owned())),
        }
    }
}

impl std::fmt::Debug for StoredSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoredSecret")
    }
}
