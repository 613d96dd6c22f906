//! The data folder: checked before use, and made by `initdb` if there is none.

use crate::account::Account;
use crate::{Durability, Error, Installation, log};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};

/// The major version whose data this crate's server can read.
const VERSION: &str = "18";

/// The data folder's true path, after making the folders above it.
pub(crate) fn resolve(data: &Path) -> Result<PathBuf, Error> {
    let data = absolute(data).map_err(Error::io("find", data))?;
    if data.exists() {
        return data.canonicalize().map_err(Error::io("find", &data));
    }
    let (Some(parent), Some(name)) = (data.parent(), data.file_name()) else {
        return Err(Error::NotACluster(data));
    };
    fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
    let parent = parent.canonicalize().map_err(Error::io("find", parent))?;
    Ok(parent.join(name))
}

/// The path of a file next to the data folder, named after it.
pub(crate) fn beside(data: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(data);
    path.push(ending);
    path.into()
}

/// Checks what is in the data folder; `None` if there is nothing yet.
pub(crate) fn inspect(data: &Path, durability: Durability) -> Result<Option<Metadata>, Error> {
    let metadata = match fs::metadata(data) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return Err(Error::NotAFolder(data.to_path_buf())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", data)(error)),
    };
    let mut entries = fs::read_dir(data).map_err(Error::io("read", data))?;
    if entries.next().is_none() {
        return Ok(None);
    }
    if durability == Durability::Throwaway {
        return Err(Error::NotThrowaway(data.to_path_buf()));
    }
    let file = data.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(found) if found.trim() == VERSION => Ok(Some(metadata)),
        Ok(found) => Err(Error::OtherVersion { path: data.to_path_buf(), found: found.trim().to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::NotACluster(data.to_path_buf())),
        Err(error) => Err(Error::io("read", &file)(error)),
    }
}

/// Makes a new cluster in the data folder.
///
/// It is made next to its place and then moved, so that an interrupted `initdb` never leaves
/// half a cluster behind.
pub(crate) fn create(
    installation: &Installation,
    data: &Path,
    durability: Durability,
    account: Option<&Account>,
    log: &File,
) -> Result<(), Error> {
    let unfinished = beside(data, ".new");
    let _ = fs::remove_dir_all(&unfinished);
    let made = DirBuilder::new().mode(0o700).create(&unfinished);
    made.map_err(Error::io("write to", &unfinished))?;
    if let Some(account) = account {
        account.give(&unfinished)?;
    }
    let offset = log.metadata().map_or(0, |metadata| metadata.len());
    let mut command = initdb(installation, &unfinished, durability);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    let stderr = log.try_clone().map_err(Error::io("write to", data))?;
    let program = installation.program("initdb");
    let status = command.stderr(stderr).status().map_err(Error::io("run", &program))?;
    if !status.success() {
        let _ = fs::remove_dir_all(&unfinished);
        let log = beside(data, ".log");
        let reason = log::reason(&log, offset);
        return Err(Error::Start { reason, log });
    }
    fs::rename(&unfinished, data).map_err(Error::io("write to", data))?;
    sync_parent(data, durability)
}

fn initdb(installation: &Installation, data: &Path, durability: Durability) -> Command {
    let mut command = Command::new(installation.program("initdb"));
    command
        .args(["--auth=trust", "--encoding=UTF8", "--username=postgres"])
        .args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"])
        .arg("--pgdata")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // Ctrl-C is for the owner alone, who decides in which order things stop.
        .process_group(0);
    if durability == Durability::Throwaway {
        command.arg("--no-sync");
    }
    neutral_surroundings(&mut command);
    command
}

/// Keeps the caller's settings, and folders closed to the server's user, away from a command.
pub(crate) fn neutral_surroundings(command: &mut Command) {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    command.env_clear().env("PATH", path).env("HOME", "/").env("LC_ALL", "C").current_dir("/");
}

fn sync_parent(data: &Path, durability: Durability) -> Result<(), Error> {
    match data.parent() {
        Some(parent) if durability == Durability::Durable => {
            File::open(parent).and_then(|folder| folder.sync_all()).map_err(Error::io("write to", parent))
        }
        _ => Ok(()),
    }
}

/// Removes the mark of a server of ours that ended without cleaning up.
///
/// `PostgreSQL` would not start if the process id in it belongs to some other process by now. The
/// caller holds the log's lock, so that no server of ours runs; one that somebody started by
/// hand names another socket folder, or answers.
pub(crate) fn clear_stale_mark(data: &Path, sockets: &Path) {
    let mark = data.join("postmaster.pid");
    let ours =
        fs::read_to_string(&mark).is_ok_and(|text| text.lines().nth(4).map(Path::new) == Some(sockets));
    if ours && UnixStream::connect(sockets.join(".s.PGSQL.5432")).is_err() {
        let _ = fs::remove_file(mark);
    }
}

/// The process id in the server's mark, if there is one.
pub(crate) fn marked_pid(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}
