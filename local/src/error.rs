//! The errors that stop the program: one clear line each, with the remedy.

use shared::settings::{BadSettings, SettingError};
use std::io;
use std::path::{Path, PathBuf};

/// Why the program ends.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another program listens on the port.
    #[error("port {0} is taken; stop what uses it, or choose another with --port")]
    PortTaken(u16),
    /// Listening failed otherwise.
    #[error("cannot listen on port {0}: {1}")]
    Listen(u16, io::Error),
    /// A file or folder.
    #[error("cannot {0} {1}: {2}")]
    Io(&'static str, PathBuf, io::Error),
    /// A file where a folder is due.
    #[error("the data folder {0} is a file; choose a folder with --data")]
    NotAFolder(PathBuf),
    /// No place for data is known.
    #[error("there is no home folder to keep data in; choose a folder with --data")]
    NoHome,
    /// The installed Postgres.
    #[error("{0}")]
    Cluster(#[from] postgres_cluster::Error),
    /// The schema.
    #[error("{0}")]
    Migration(#[from] postgres_cluster::migrate::Error),
    /// The database cannot be used: where it was looked for, and why.
    #[error("no database at {0}: {1}")]
    Unreached(String, String),
    /// The program that has the database does not run, by the folder of its data.
    #[error("no Grafono runs on the data folder {0}: start it (cargo run), or give --data or --database-url")]
    NotRunning(PathBuf),
    /// No clinic has that id.
    #[error("there is no clinic {0}: its id is in the log line of each of its requests, as clinicId")]
    NoClinic(uuid::Uuid),
    /// The ledger does not fit its seals, by the number of faults.
    #[error("the ledger does not fit its seals: {0} faults, a line each; docs/ledger.md says what to do")]
    Ledger(usize),
    /// The database was reached and refused something.
    #[error("the database refused to {0} (SQLSTATE {1})")]
    Database(&'static str, String),
    /// The database went away.
    #[error("the database broke off while it was asked to {0}: see whether it still runs, and try again")]
    DatabaseLost(&'static str),
    /// A thread of ours ended.
    #[error("a part of the program ended unexpectedly: {0}")]
    Ended(tokio::task::JoinError),
    /// A queue on AWS.
    #[error("the queue {0} cannot be read; are the AWS variables set, and is QUEUE_URL_PREFIX right?")]
    Queue(String),
    /// The signals cannot be heard.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// A malformed address of a database.
    #[error(
        "DATABASE_URL is not an address such as postgresql://user:password@localhost:5432/grafono; in a password, what is \
         neither a letter, a digit nor one of -._~ is percent-encoded"
    )]
    DatabaseUrl,
    /// A setting.
    #[error("{0}")]
    Settings(#[from] BadSettings),
    /// A key.
    #[error("the key {0} {1}; delete the file to get a new one")]
    Key(PathBuf, SettingError),
    /// A public key that was given.
    #[error("the key {0}: give a PASERK key that begins with k4.public., as `token-keys` prints it")]
    PublicKey(SettingError),
    /// A file that is no receipt of ours.
    #[error("{0} {1}")]
    NoReceipt(PathBuf, &'static str),
    /// A declaration that cannot be written down.
    #[error("a generated file could not be made: {0}")]
    Generate(#[from] serde_json::Error),
    /// A file without the place for what is generated.
    #[error("{0} has lost the comment where something is generated; take it from an earlier version")]
    Marker(&'static str),
    /// Two types of one name in the contract.
    #[error("two different types are called {0} in the contract; rename one with #[schemars(rename)]")]
    TwoTypes(String),
    /// A declaration that does not fit its template.
    #[error("a template could not be made: {0}")]
    Template(#[from] askama::Error),
    /// Output.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl Error {
    /// For `map_err`: the action and its file or folder.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io(doing, path, error)
    }

    /// For `map_err`: the action at the database. The message of Postgres may carry values and is left out.
    pub fn database(asking: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |error| match error.code() {
            Some(state) => Self::Database(asking, state.code().to_owned()),
            None => Self::DatabaseLost(asking),
        }
    }
}
