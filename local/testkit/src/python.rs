//! Servers in Python that tests need: installed once by pip, run for as long as their owner lives.

use postgres_cluster::install;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the server until the pipe on standard input closes, which it does however the owner ends.
const SCRIPT: &str = "\"$@\" & server=$!; read -r _; kill \"$server\"";

/// A command that starts `python3 -m` with these arguments from an installation. The child runs while its standard
/// input is open.
pub(crate) fn server(installation: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "server", "python3", "-m"]).args(arguments);
    command.env("PYTHONPATH", installation).env("PYTHONUNBUFFERED", "1").current_dir(installation);
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The folder with these packages, named after the first one; pip installs missing packages. Several processes may call
/// this at once.
pub(crate) fn packages(packages: &[&str]) -> PathBuf {
    let home = install::home().unwrap();
    let name = packages[0].replace("==", "-");
    let folder = home.join(&name);
    if folder.exists() {
        return folder;
    }
    fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.join(format!(".{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if folder.exists() {
        return folder;
    }
    // Installed beside its place and then moved, so that a folder in its place is complete.
    let unfinished = home.join(format!(".{name}.new"));
    let _ = fs::remove_dir_all(&unfinished);
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--target"]).arg(&unfinished);
    pip.args(packages).env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
    pip.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_ROOT_USER_ACTION", "ignore");
    let installed = pip.current_dir(&home).stdin(Stdio::null()).output().unwrap();
    assert!(installed.status.success(), "pip says: {}", String::from_utf8_lossy(&installed.stderr));
    fs::rename(&unfinished, &folder).unwrap();
    folder
}
