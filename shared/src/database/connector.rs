//! Opens the pool's connections, at an address that may have to be fetched again.
//!
//! A password is rotated while instances run. Open connections live on; Postgres refuses the next one, the secret is
//! fetched once more, and the request goes on with the new address (C8).

use super::connection::address;
use crate::settings::{SettingError, StoredSecret};
use deadpool_postgres::{ConfigConnectImpl, Connect};
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Opens connections for a pool.
pub(super) struct Connector {
    tls: ConfigConnectImpl<MakeRustlsConnect>,
    secret: Option<StoredSecret>,
    /// Locked while the secret is fetched: other connections wait for the new address.
    known: Mutex<Known>,
}

/// The address, and how often it was fetched again.
#[derive(Clone)]
struct Known {
    config: Config,
    fetches: u64,
}

impl Connector {
    pub(super) fn new(config: Config, tls: MakeRustlsConnect, secret: Option<StoredSecret>) -> Self {
        Self { tls: ConfigConnectImpl { tls }, secret, known: Mutex::new(Known { config, fetches: 0 }) }
    }

    async fn open(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let tried = self.known.lock().await.clone();
        let opened = self.tls.connect(&tried.config).await;
        match opened {
            Err(error) if is_refused(&error) => match self.newer_than(&tried).await {
                Some(config) => self.tls.connect(&config).await,
                None => Err(error),
            },
            opened => opened,
        }
    }

    /// The address in the secret, if other than the tried one. Of many connections refused at once, one fetches the
    /// secret, and the others take the same address.
    async fn newer_than(&self, tried: &Known) -> Option<Config> {
        let secret = self.secret.as_ref()?;
        let mut known = self.known.lock().await;
        if known.fetches == tried.fetches {
            match fetch(secret).await {
                Ok(config) => known.config = config,
                Err(reason) => {
                    tracing::warn!(event = "secret", %reason, "the database's secret was of no use");
                }
            }
            known.fetches += 1;
        }
        (known.config != tried.config).then(|| known.config.clone())
    }
}

async fn fetch(secret: &StoredSecret) -> Result<Config, SettingError> {
    let url = secret.fetch().await.map_err(SettingError::NotFetched)?;
    address(url.expose())
}

/// Whether Postgres refuses the login: the password (28P01), or the role or its kind of login (28000).
fn is_refused(error: &Error) -> bool {
    let refusals = [&SqlState::INVALID_PASSWORD, &SqlState::INVALID_AUTHORIZATION_SPECIFICATION];
    error.code().is_some_and(|state| refusals.contains(&state))
}

impl Connect for Connector {
    fn connect(&self, _first: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(self.open())
    }
}
