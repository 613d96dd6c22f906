//! The folder of the server's Unix socket.
//!
//! Whoever can enter it is trusted as any role, so it is closed to other users.

use crate::Error;
use crate::account::Account;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Longest path of a folder that can hold a Unix socket, in bytes: the system allows 107 for
/// the socket's whole path, and `/.s.PGSQL.5432` takes 14 of them.
const LONGEST: usize = 93;

/// Where the server puts its socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SocketFolder {
    /// A folder with a short name derived from the data folder's path, in `$XDG_RUNTIME_DIR`
    /// or `/tmp`. Removed when the server has stopped.
    #[default]
    Auto,
    /// This folder: absolute, at most 93 bytes. It is made if missing; if it exists, it must
    /// belong to the user who runs the server, with mode 0700. Never removed.
    At(PathBuf),
}

impl SocketFolder {
    /// The folder's path for a data folder.
    pub(crate) fn path(&self, data: &Path) -> Result<PathBuf, Error> {
        let path = match self {
            Self::At(path) => path.clone(),
            Self::Auto => automatic(data),
        };
        let text = path.to_str().unwrap_or_default();
        if !path.is_absolute() || text.is_empty() || text.len() > LONGEST || text.contains([',', '"']) {
            return Err(Error::SocketPath(path));
        }
        Ok(path)
    }
}

fn automatic(data: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let name = format!("pg-{:016x}", hasher.finish());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|_| !rustix::process::geteuid().is_root())
        .filter(|folder| folder.is_absolute() && folder.is_dir())
        .map(|folder| folder.join(&name))
        .filter(|path| path.as_os_str().len() <= LONGEST);
    runtime.unwrap_or_else(|| Path::new("/tmp").join(name))
}

/// Makes the folder, closed to other users, or checks that an existing one is.
///
/// `/tmp` is everyone's, so someone else may have made a folder, or a link, of that name.
pub(crate) fn prepare(path: &Path, account: Option<&Account>) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            if let Some(account) = account {
                account.give(path)?;
            }
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Error::io("make", path)(error)),
    }
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), Account::uid);
    let metadata = fs::symlink_metadata(path).map_err(Error::io("read", path))?;
    if metadata.is_dir() && metadata.uid() == owner && metadata.mode() & 0o7777 == 0o700 {
        return Ok(());
    }
    Err(Error::SocketFolderOpen(path.to_path_buf()))
}

/// A connection address through the socket folder, each part percent-encoded.
pub(crate) fn url(folder: &Path, role: &str, database: &str) -> String {
    let host = encode(&folder.to_string_lossy());
    format!("postgresql:///{}?host={host}&user={}", encode(database), encode(role))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::{Config, Host};

    #[test]
    fn address_survives_odd_names() {
        let text = url(Path::new("/tmp/a b&c=%"), "pat ients?", "gra/fono");
        let config: Config = text.parse().unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix("/tmp/a b&c=%".into())]);
        assert_eq!(config.get_user(), Some("pat ients?"));
        assert_eq!(config.get_dbname(), Some("gra/fono"));
    }

    #[test]
    fn refuses_what_cannot_hold_a_socket() {
        let refused = |path: String| SocketFolder::At(path.into()).path(Path::new("/d")).is_err();
        assert!(refused(format!("/{}", "x".repeat(LONGEST))));
        assert!(refused("relative".to_owned()));
        assert!(refused("/tmp/a,b".to_owned()));
        assert!(!refused(format!("/{}", "x".repeat(LONGEST - 1))));
    }
}
