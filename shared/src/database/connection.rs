//! The pooled connections, one unless the settings say more: checked after idling, thrown away when in doubt.

use super::connector::Connector;
use super::shares::{Share, Shares};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::{DATABASE_BUSY, DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED};
use crate::settings::{SettingError, StoredSecret};
use crate::tls;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

/// The idle time after which a connection is checked before its next use. After a freeze the driver still believes in
/// the connection, and the first statement would fail with 57P01.
pub const POOL_IDLE_CHECK: Duration = Duration::from_secs(5);

/// How long the check may take before the connection counts as dead.
const CHECK_TIMEOUT: Duration = Duration::from_millis(500);

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// A transaction that only reads.
    Reading,
    /// One that changes something, of that clinic if it is of one.
    Writing(Option<Uuid>),
}

/// The database, under one role.
#[derive(Clone)]
pub struct Database {
    pool: Option<Pool>,
    shares: Option<Arc<Shares>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Database")
    }
}

impl Database {
    /// Reads a connection URL (see [`address`]); nothing is sent yet.
    pub fn at(url: &str, connections: usize) -> Result<Self, SettingError> {
        Self::kept(url, None, connections)
    }

    /// As [`Database::at`]. When Postgres refuses the login and `url` is the text of `secret`, the secret is fetched
    /// again, and its new URL counts from then on (C8).
    pub fn kept(url: &str, secret: Option<StoredSecret>, connections: usize) -> Result<Self, SettingError> {
        let config = address(url)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let connector = Connector::new(config.clone(), tls_connector()?, secret);
        let manager = Manager::from_connect(config, connector, recycling);
        let pool = Pool::builder(manager).max_size(connections).pre_recycle(alive_after_idling()).build();
        let pool = Some(pool.map_err(|_| SettingError::Malformed)?);
        Ok(Self { pool, shares: Shares::of(connections).map(Arc::new) })
    }

    /// No database, for functions that need none.
    pub(crate) fn none() -> Self {
        Self { pool: None, shares: None }
    }

    /// Opens a connection and keeps it for the first request.
    pub(crate) async fn open(&self, deadline: Deadline) -> Result<(), Fault> {
        self.connection(deadline, Use::Reading).await.map(Lease::give_back)
    }

    /// Ends the idle connections, and gives out none from now on.
    pub(crate) fn close(&self) {
        if let Some(pool) = &self.pool {
            pool.close();
        }
    }

    /// A connection, or the fault that there is none within the time left, which is long enough for Neon to wake up.
    pub(super) async fn connection(&self, deadline: Deadline, use_of: Use) -> Result<Lease, Fault> {
        let Some(pool) = &self.pool else {
            return Err(Fault::internal("an endpoint without round trips asks for a connection"));
        };
        let until = deadline.less(Duration::from_millis(300));
        let share = match (&self.shares, use_of) {
            (Some(shares), Use::Writing(clinic)) => tokio::time::timeout_at(until, shares.take(clinic)).await,
            _ => Ok(Share::default()),
        };
        let Ok(share) = share else {
            return Err(Fault::from(&DATABASE_BUSY).because("writers held their share until the deadline"));
        };
        match tokio::time::timeout_at(until, pool.get()).await {
            Ok(Ok(object)) => Ok(Lease { object: Some(object), finished: false, _share: share }),
            Ok(Err(PoolError::Backend(error))) => {
                let reason = error.code().map_or("no connection", |state| state.code());
                Err(Fault::from(&DATABASE_UNAVAILABLE).because(format!("connecting failed: {reason}")))
            }
            Ok(Err(_)) => Err(Fault::from(&DATABASE_UNAVAILABLE).because("the pool gave no connection")),
            Err(_) if pool.status().size >= pool.status().max_size => {
                Err(Fault::from(&DATABASE_BUSY).because("every connection was in use until the deadline"))
            }
            Err(_) => Err(Fault::from(&DEADLINE_EXCEEDED).because("no connection before the deadline")),
        }
    }
}

/// Reads a connection URL. TLS is required for every host but this machine's own, channel binding for Neon.
pub fn address(url: &str) -> Result<Config, SettingError> {
    let mut config: Config = url.parse().map_err(|_| SettingError::Malformed)?;
    if !is_local(&config) {
        config.ssl_mode(SslMode::Require);
    }
    if is_neon(&config) {
        config.channel_binding(ChannelBinding::Require);
    }
    config.application_name("grafono").connect_timeout(Duration::from_secs(5));
    Ok(config)
}

/// Whether every name and every address beside it (`hostaddr`) is this machine's; one without a name counts as well.
fn is_local(config: &Config) -> bool {
    let is_named = |host: &Host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_named) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn is_neon(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.ends_with(".neon.tech")))
}

/// The TLS connector, with `WebPKI` roots and one crypto provider, for connections that require TLS.
pub fn tls_connector() -> Result<MakeRustlsConnect, SettingError> {
    Ok(MakeRustlsConnect::new(tls::client_config()?))
}

/// The freeze hook: after idling, one empty round trip decides whether the connection still lives.
fn alive_after_idling() -> Hook {
    Hook::async_fn(|client, metrics| {
        Box::pin(async move {
            // The server's goodbye may be unread: the driver reads it here and marks the connection as closed. The
            // first yield lets the runtime see the socket, the second lets the driver read it.
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
            if metrics.last_used() < POOL_IDLE_CHECK {
                return Ok(());
            }
            match tokio::time::timeout(CHECK_TIMEOUT, client.check_connection()).await {
                Ok(Ok(())) => Ok(()),
                _ => Err(HookError::message("the connection did not survive idling")),
            }
        })
    })
}

/// A connection on loan. Without [`Lease::give_back`], dropping the lease takes the connection out of the pool: its
/// last statements may still be running. The server is asked to cancel them, as whoever waited for them is gone.
pub(super) struct Lease {
    object: Option<Object>,
    finished: bool,
    _share: Share,
}

impl Lease {
    pub(super) fn client(&self) -> Option<&tokio_postgres::Client> {
        self.object.as_ref().map(|object| &***object)
    }

    /// Returns the connection to the pool, once every reply was read.
    pub(super) fn give_back(mut self) {
        self.finished = true;
    }
}

/// Asks the server to cancel what runs for the client, and does not wait for the answer.
fn cancel(client: &tokio_postgres::Client) {
    let (token, runtime) = (client.cancel_token(), tokio::runtime::Handle::try_current());
    if let (Ok(runtime), false) = (runtime, client.is_closed()) {
        runtime.spawn(async move {
            if let Ok(connector) = tls_connector() {
                let _ = tokio::time::timeout(Duration::from_secs(1), token.cancel_query(connector)).await;
            }
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(object), false) = (self.object.take(), self.finished) {
            cancel(&object);
            drop(Object::take(object));
        }
    }
}
