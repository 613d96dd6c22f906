//! One running `PostgreSQL` server on one data folder.

use crate::account::Account;
use crate::server::Server;
use crate::{Error, Installation, SocketFolder, data, locks, log, sockets};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

/// How long a server may take to accept its first connection.
const READY: Duration = Duration::from_secs(20);
/// How long a server may take to write everything down when it is asked to stop.
const STOP: Duration = Duration::from_secs(30);
/// How long the watchdog may take after that: it uses force within 9 seconds.
const FORCED_STOP: Duration = Duration::from_secs(12);
/// Pause between two looks at a process or a socket.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether the data is meant to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The data survives a crash of the server and of the machine.
    Durable,
    /// Faster, for tests: the data folder, which must be new or empty, and the log are removed
    /// when the server stops. Take a new name for each.
    Throwaway,
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's programs.
    pub installation: Installation,
    /// The data folder; made if missing. The files `<data>.log` and `<data>.lock` lie next to it.
    pub data: PathBuf,
    /// The folder of the server's socket.
    pub sockets: SocketFolder,
    /// Whether the data is meant to last.
    pub durability: Durability,
    /// Further server settings, name and value, as in `postgresql.conf`. Those that say where
    /// the server listens cannot be changed.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// A durable cluster in the folder `data`, with an automatic socket folder.
    #[must_use]
    pub fn new(installation: Installation, data: impl Into<PathBuf>) -> Self {
        Self {
            installation,
            data: data.into(),
            sockets: SocketFolder::Auto,
            durability: Durability::Durable,
            settings: Vec::new(),
        }
    }
}

/// A running server, owned by this process.
///
/// It stops when this value is dropped, and when the process ends in any way, `SIGKILL`
/// included; [`Cluster::stop`] also waits for that.
#[derive(Debug)]
#[must_use = "the server stops when this is dropped"]
pub struct Cluster {
    server: Server,
    sockets: PathBuf,
    log: PathBuf,
    /// Size of the log, in bytes, before this start.
    log_offset: u64,
    /// Open for as long as this process owns the data folder.
    _lock: File,
}

impl Cluster {
    /// Starts a server and waits until it accepts connections; makes the data folder first if
    /// there is none. Needs a Tokio runtime with time and IO.
    ///
    /// Waits up to a second for an ending owner, and up to 10 for its server to stop. If this process
    /// is root, the server runs as the owner of the data folder; for a new one as `postgres`
    /// or, if there is no such user, `nobody`.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another process owns the data folder, [`Error::Start`] or
    /// [`Error::Timeout`] if the server does not come up, else an error that says what is wrong
    /// with which folder. No server is left running.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let data = options.data.clone();
        let launched = tokio::task::spawn_blocking(move || Self::launch(&options)).await;
        let mut cluster =
            launched.map_err(io::Error::other).map_err(Error::io("start a server on", &data))??;
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// The address of a database for a role: a `postgresql:` URL that goes through the socket.
    /// Neither needs to exist. No password is needed.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        sockets::url(&self.sockets, role, database)
    }

    /// As [`Cluster::url`], for a cluster on this data folder that another process has started with automatic sockets.
    ///
    /// # Errors
    ///
    /// [`Error::SocketPath`] if there can be no socket for that folder.
    pub fn address(data: &Path, role: &str, database: &str) -> Result<String, Error> {
        Ok(sockets::url(&SocketFolder::Auto.path(data)?, role, database))
    }

    /// The server's log file.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Stops the server, which ends open connections, and waits until it has written everything
    /// down; uses force after 30 seconds.
    pub async fn stop(mut self) {
        let postgres = &mut self.server.postgres;
        let _ = kill_process(Pid::from_child(postgres), Signal::INT);
        ended_within(postgres, STOP).await;
        drop(self.server.watchdog.stdin.take());
        ended_within(&mut self.server.watchdog, FORCED_STOP).await;
        if !ended_within(postgres, PAUSE).await {
            // Only if the watchdog was killed. A process that has ended is no error.
            let _ = postgres.kill();
            let _ = postgres.wait();
        }
    }

    /// Everything up to a started, not yet ready server. Blocks.
    fn launch(options: &Options) -> Result<Self, Error> {
        let data = data::resolve(&options.data)?;
        let sockets = options.sockets.path(&data)?;
        let existing = data::inspect(&data, options.durability)?;
        let account = Account::for_data(&data, existing.as_ref())?;
        let account = account.as_ref();
        if let Some(account) = account {
            account.check_path(data.parent().unwrap_or(&data))?;
            account.check_path(options.installation.folder())?;
        }
        let lock = locks::own(&data)?;
        let log = locks::open_log(&data)?;
        let log_offset = log.metadata().map_or(0, |metadata| metadata.len());
        // Again, as the last owner may have changed it until now.
        let existing = data::inspect(&data, options.durability)?;
        sockets::prepare(&sockets, account)?;
        if existing.is_none() {
            data::create(&options.installation, &data, options.durability, account, &log)?;
        }
        data::clear_stale_mark(&data, &sockets);
        let server = Server::spawn(options, &data, &sockets, account, &log)?;
        let log = data::beside(&data, ".log");
        Ok(Self { server, sockets, log, log_offset, _lock: lock })
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.sockets).user("postgres").dbname("postgres");
        let start = Instant::now();
        while let Some(left) = READY.checked_sub(start.elapsed()) {
            // An error here would mean that there is no such child: it has ended.
            if !matches!(self.server.postgres.try_wait(), Ok(None)) {
                let reason = log::reason(&self.log, self.log_offset);
                return Err(Error::Start { reason, log: self.log.clone() });
            }
            if matches!(timeout(left, config.connect(NoTls)).await, Ok(Ok(_))) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        Err(Error::Timeout(self.log.clone()))
    }
}

/// Waits for a child process to end; whether it did.
async fn ended_within(child: &mut Child, limit: Duration) -> bool {
    let start = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if start.elapsed() > limit {
            return false;
        }
        sleep(PAUSE).await;
    }
    true
}
