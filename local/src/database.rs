//! The database behind the local server: installed here, or given.

use crate::data::Data;
use crate::error::Error;
use crate::unreached;
use postgres_cluster::{Cluster, Options, install, migrate};
use shared::database::{address, tls_connector};
use shared::settings::SettingError;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;

/// The database's name in the installed cluster.
pub(crate) const NAME: &str = "grafono";

/// The connections of the server that all roles together leave to others.
const RESERVED_CONNECTIONS: i32 = 20;

/// A running database, migrated.
pub enum LocalDatabase {
    /// Installed and started here.
    Own(Cluster),
    /// At the given address.
    Given(String),
}

impl LocalDatabase {
    /// Uses the given database, or installs and starts one; then migrates it.
    pub async fn start(given: Option<String>, data: &Data) -> Result<Self, Error> {
        if let Some(url) = given {
            drop(connect(&url).await?);
            migrate_at(&url).await?;
            lend_roles(&url).await?;
            return Ok(Self::Given(url));
        }
        let home = data.home.clone();
        if !install::is_installed(&home) {
            let mut out = std::io::stdout().lock();
            writeln!(out, "installing PostgreSQL 18 into {}, once", home.display()).map_err(Error::Output)?;
        }
        let installation = tokio::task::spawn_blocking(move || install::installation(&home)).await;
        let installation = installation.map_err(Error::Ended)??;
        let cluster = Cluster::start(Options::new(installation, data.folder.join("postgres"))).await?;
        create_database(&cluster.url("postgres", "postgres")).await?;
        migrate_at(&cluster.url("postgres", NAME)).await?;
        Ok(Self::Own(cluster))
    }

    /// Whether the database was installed and started here. Such a database holds nothing but trials.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// The address under a role.
    pub fn url(&self, role: &str) -> String {
        match self {
            Self::Own(cluster) => cluster.url(role, NAME),
            // The given user takes the role on connecting: no password of any role is changed.
            Self::Given(url) => {
                let separator = if url.contains('?') { '&' } else { '?' };
                format!("{url}{separator}options=-c%20role%3D{role}")
            }
        }
    }

    /// Connects under each role, so that a role that does not get in is found now and not by a caller.
    pub async fn check(&self) -> Result<(), Error> {
        for role in crate::roles() {
            drop(connect(&self.url(role)).await?);
        }
        Ok(())
    }

    /// Stops the cluster that was started here.
    pub async fn stop(self) {
        if let Self::Own(cluster) = self {
            cluster.stop().await;
        }
    }
}

/// `migrate --database-url URL`.
pub async fn migrate_given(url: &str) -> Result<(), Error> {
    drop(connect(url).await?);
    let report = migrate_at(url).await?;
    limit_connections(url).await?;
    let mut out = std::io::stdout().lock();
    for applied in &report.applied {
        writeln!(out, "applied {applied}").map_err(Error::Output)?;
    }
    writeln!(out, "the database is at migration {}", report.current).map_err(Error::Output)
}

async fn migrate_at(url: &str) -> Result<migrate::Report, Error> {
    Ok(migrate::migrate(&config(url)?, tls()?).await?)
}

fn config(url: &str) -> Result<Config, Error> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    // Behind the first of two, the rest of a password would be read as a host, and be said as one.
    if rest.is_none_or(|rest| rest.matches('@').count() > 1) {
        return Err(Error::DatabaseUrl);
    }
    address(url).map_err(|_| Error::DatabaseUrl)
}

fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, Error> {
    tls_connector().map_err(|_: SettingError| Error::DatabaseUrl)
}

pub(crate) async fn connect(url: &str) -> Result<tokio_postgres::Client, Error> {
    let config = config(url)?;
    let connecting = tokio::time::timeout(Duration::from_secs(10), config.connect(tls()?)).await;
    let connected = connecting.map_err(|_| unreached::silent(&config))?;
    let (client, connection) = connected.map_err(|error| unreached::refused(&config, &error))?;
    tokio::spawn(connection);
    Ok(client)
}

/// The database that is given, or that of the running program, under the role that owns the tables.
pub(crate) async fn connect_as_owner(
    database_url: Option<String>,
    data: Option<PathBuf>,
) -> Result<tokio_postgres::Client, Error> {
    let client = if let Some(url) = database_url {
        connect(&url).await?
    } else {
        let folder = Data::open(data)?.folder;
        let url = Cluster::address(&folder.join("postgres"), "postgres", NAME)?;
        connect(&url).await.map_err(|_| Error::NotRunning(folder))?
    };
    client.batch_execute("SET ROLE migrator").await.map_err(Error::database("take the role migrator"))?;
    Ok(client)
}

async fn create_database(url: &str) -> Result<(), Error> {
    let client = connect(url).await?;
    match client.batch_execute(&format!("CREATE DATABASE {NAME}")).await {
        Err(error) if error.code() != Some(&tokio_postgres::error::SqlState::DUPLICATE_DATABASE) => {
            Err(Error::database("create the database")(error))
        }
        _ => Ok(()),
    }
}

/// Lets the given user take the program's roles, as the local server does.
async fn lend_roles(url: &str) -> Result<(), Error> {
    let grant = format!("SET ROLE migrator; GRANT {} TO SESSION_USER", crate::roles().join(", "));
    connect(url)
        .await?
        .batch_execute(&grant)
        .await
        .map_err(Error::database("lend the modules' roles to this user"))
}

/// Gives each role its share of the server's connections.
async fn limit_connections(url: &str) -> Result<(), Error> {
    let client = connect(url).await?;
    let asking = "limit the roles' connections";
    let sql = "SELECT current_setting('max_connections')::int4";
    let rows = client.query_typed(sql, &[]).await.map_err(Error::database(asking))?;
    let most: i32 = rows.first().map_or(Ok(100), |row| row.try_get(0)).map_err(Error::database(asking))?;
    let roles = crate::roles();
    let count = i32::try_from(roles.len()).unwrap_or(i32::MAX);
    let share = ((most - RESERVED_CONNECTIONS) / count).max(1);
    let limits = roles.iter().map(|role| format!("ALTER ROLE {role} CONNECTION LIMIT {share}"));
    let sql = format!("SET ROLE migrator; {}", limits.collect::<Vec<_>>().join("; "));
    client.batch_execute(&sql).await.map_err(Error::database(asking))
}
