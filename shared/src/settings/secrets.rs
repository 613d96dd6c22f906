//! Secrets that are kept elsewhere and fetched (C8): at start, and again once when what was fetched no longer opens.

use crate::validation::Secret;
pub use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Why a secret could not be fetched. Never carries a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nobody answered, or not in time.
    #[error("the store did not answer")]
    NoAnswer,
    /// The store refused, with the code of its error.
    #[error("the store answered {0}")]
    Refused(String),
    /// It is there, binary or empty.
    #[error("there is no text in it")]
    NoText,
}

/// Where secrets are kept.
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

    /// Its current text, without the line break at the end that a text from a file has.
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
