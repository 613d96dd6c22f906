//! The server's processes: `PostgreSQL` itself, and the watchdog that stops it.

use crate::account::Account;
use crate::data::{beside, neutral_surroundings};
use crate::{Durability, Error, Options, SocketFolder};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Becomes the server on the owner's word, and ends if the owner ends before.
///
/// So the watchdog can know the server's process id before there is a server.
const GATE: &str = r#"read -r go && exec "$@""#;

/// The watchdog's program.
const WATCHDOG: &str = include_str!("watchdog.sh");

/// Settings of every server. Those of a caller come after them.
const SETTINGS: [(&str, &str); 4] = [
    ("max_connections", "100"),
    // DETAIL has values of rows, which are personal.
    ("log_error_verbosity", "terse"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
];

/// Settings that gain speed for data that no one will miss.
const THROWAWAY: [(&str, &str); 3] =
    [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// A running `PostgreSQL` and its watchdog, which lives as long as its standard input is open.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) postgres: Child,
    pub(crate) watchdog: Child,
}

impl Server {
    /// Starts both; the server is not ready yet. `log` must be locked: they inherit the lock.
    pub(crate) fn spawn(
        options: &Options,
        data: &Path,
        sockets: &Path,
        account: Option<&Account>,
        log: &File,
    ) -> Result<Self, Error> {
        let shell = Path::new("/bin/sh");
        let mut postgres = gate(options, data, sockets, account, log)
            .and_then(|mut gate| gate.spawn())
            .map_err(Error::io("run", shell))?;
        let watchdog = watchdog(postgres.id(), &remains(options, data, sockets), log)
            .and_then(|mut watchdog| watchdog.spawn())
            .map_err(Error::io("run", shell))?;
        // Taken and so closed here: the server inherits an input that has ended.
        if let Some(mut word) = postgres.stdin.take() {
            word.write_all(b"go\n").map_err(Error::io("run", shell))?;
        }
        Ok(Self { postgres, watchdog })
    }
}

fn gate(
    options: &Options,
    data: &Path,
    sockets: &Path,
    account: Option<&Account>,
    log: &File,
) -> io::Result<Command> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", GATE, "postgres"]);
    command.arg(options.installation.program("postgres")).arg("-D").arg(data);
    let throwaway = if options.durability == Durability::Throwaway { &THROWAWAY[..] } else { &[] };
    let given = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // Last, so that no one opens the server to the network, where everyone would be trusted.
    let folder = format!("\"{}\"", sockets.display());
    let closed = [("listen_addresses", ""), ("port", "5432"), ("unix_socket_directories", folder.as_str())];
    for (name, value) in SETTINGS.iter().chain(throwaway).copied().chain(given).chain(closed) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    // Ctrl-C is for the owner alone, who decides in which order things stop.
    command.process_group(0);
    neutral_surroundings(&mut command);
    if let Some(account) = account {
        account.apply(&mut command);
    }
    Ok(command)
}

/// What no one needs when the server has stopped.
fn remains(options: &Options, data: &Path, sockets: &Path) -> Vec<PathBuf> {
    let mut remains = Vec::new();
    if options.sockets == SocketFolder::Auto {
        remains.push(sockets.to_path_buf());
    }
    if options.durability == Durability::Throwaway {
        remains.push(data.to_path_buf());
        remains.push(beside(data, ".log"));
        remains.push(beside(data, ".lock"));
    }
    remains
}

/// Runs as the owner's user, not the server's, so that it can remove folders in others of theirs.
fn watchdog(postgres: u32, remains: &[PathBuf], log: &File) -> io::Result<Command> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", WATCHDOG, "watchdog"]).arg(postgres.to_string()).args(remains);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log.try_clone()?);
    command.process_group(0);
    neutral_surroundings(&mut command);
    Ok(command)
}
