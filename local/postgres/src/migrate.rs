//! Brings a database to the schema this program was built with.

mod error;

pub use error::Error;
use refinery::Runner;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Socket};

/// The migrations of the repository, in `migrations/V0001__name.sql` and so on.
mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Where the applied migrations are counted.
const TABLE: &str = "kernel.schema_migrations";

/// The oldest server that will do, in the form of `server_version_num`.
const OLDEST: i32 = 170_000;

/// Makes the role, the schema and the rights that every migration counts on.
const BOOTSTRAP: &str = include_str!("bootstrap.sql");

/// Lets one runner at a time into a database, then bounds each wait for a table's lock, so that
/// a migration fails rather than blocking everyone who queues up behind it. In this order: the
/// bound counts for advisory locks too, and a database may have one of its own.
const TAKE_TURNS: &str = "SET client_min_messages = warning;
    SET lock_timeout = 0;
    SELECT pg_advisory_lock(7022034510226584);
    SET lock_timeout = '1s'";

/// What [`migrate`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The migrations applied now, in order, such as `V1__roles`; empty if there were none left.
    pub applied: Vec<String>,
    /// The number of the database's last migration; 0 if the program has none.
    pub current: i32,
}

/// Applies the migrations that a database lacks, each in a transaction of its own.
///
/// Needs a direct connection, not one through a pooler, as a user who may create roles. Each
/// migration runs as the role `migrator`, with a `lock_timeout` of one second. Several runners
/// may start at once: they take turns, and the later ones find nothing left to do.
///
/// # Errors
///
/// [`Error::TooOld`] for a server older than `PostgreSQL` 17, [`Error::Newer`],
/// [`Error::Changed`], [`Error::Unknown`] or [`Error::Skipped`] if the database and the program
/// disagree on what was applied, else [`Error::Connect`] or [`Error::Database`]. The migrations
/// before a failed one stay applied.
pub async fn migrate<T>(config: &Config, tls: T) -> Result<Report, Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let connected = config.connect(tls).await;
    let (mut client, connection) = connected.map_err(|error| Error::Connect(error::text(&error)))?;
    let connection = tokio::spawn(connection);
    let report = apply(&mut client).await;
    // Waiting for the end of the connection means that its lock is on its way out, too.
    drop(client);
    let _ = connection.await;
    report
}

async fn apply(client: &mut Client) -> Result<Report, Error> {
    check_version(client).await?;
    let step = Error::at("waiting for another migration");
    client.batch_execute(TAKE_TURNS).await.map_err(step)?;
    let step = Error::at("preparing the database for migrations");
    client.batch_execute(BOOTSTRAP).await.map_err(step)?;
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(TABLE);
    check_not_newer(client, &runner).await?;
    let report = runner.run_async(client).await.map_err(Error::from_refinery)?;
    Ok(Report {
        applied: report.applied_migrations().iter().map(ToString::to_string).collect(),
        current: newest(&runner),
    })
}

async fn check_version(client: &Client) -> Result<(), Error> {
    let query = "SELECT current_setting('server_version_num')::int4, current_setting('server_version')";
    let row = client.query_typed_one(query, &[]).await;
    let row = row.map_err(Error::at("asking for the server's version"))?;
    if row.get::<_, i32>(0) >= OLDEST {
        return Ok(());
    }
    let version: String = row.get(1);
    // Distributions add their own name: "15.18 (Debian 15.18-0+deb12u1)".
    Err(Error::TooOld(version.split(' ').next().unwrap_or_default().to_owned()))
}

/// Refinery would call it a missing migration, and not say that the program is out of date.
async fn check_not_newer(client: &Client, runner: &Runner) -> Result<(), Error> {
    let step = "reading the applied migrations";
    let exists = client.query_typed_one("SELECT to_regclass($1) IS NOT NULL", &[(&TABLE, Type::TEXT)]).await;
    if !exists.map_err(Error::at(step))?.get::<_, bool>(0) {
        return Ok(());
    }
    let last = client.query_typed_one(&format!("SELECT max(version) FROM {TABLE}"), &[]).await;
    let database: Option<i32> = last.map_err(Error::at(step))?.get(0);
    let program = newest(runner);
    match database {
        Some(database) if database > program => Err(Error::Newer { database, program }),
        _ => Ok(()),
    }
}

/// The number of the program's last migration.
fn newest(runner: &Runner) -> i32 {
    let versions = runner.get_migrations().iter().map(refinery::Migration::version);
    versions.max().unwrap_or_default()
}
