//! Two locks that keep a data folder to one owner and one server.
//!
//! The owning process holds `<data>.lock`. The server and its watchdog hold `<data>.log`, which
//! is where they write: it is free again only when the last of their processes has ended.

use crate::{Error, data};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long to wait for an owner: one that was just killed holds its lock a moment longer.
const ENDING: Duration = Duration::from_secs(1);

/// How long to wait for the server of an ended owner.
const LEFTOVER: Duration = Duration::from_secs(10);

/// A log larger than this, in bytes, is emptied before a start.
const LONG_LOG: u64 = 1 << 20;

/// Makes this process the owner of the data folder, for as long as the file is open.
pub(crate) fn own(data: &Path) -> Result<File, Error> {
    let path = data::beside(data, ".lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    let mut file = options.open(&path).map_err(Error::io("write to", &path))?;
    if !lock_within(&file, &path, ENDING)? {
        let owner = fs::read_to_string(&path).unwrap_or_default();
        return Err(Error::InUse { path: data.to_path_buf(), pid: owner.trim().parse().ok() });
    }
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| writeln!(file, "{}", std::process::id()))
        .map_err(Error::io("write to", &path))?;
    Ok(file)
}

/// Opens the server's log, after waiting for the server of an ended owner to stop.
pub(crate) fn open_log(data: &Path) -> Result<File, Error> {
    let path = data::beside(data, ".log");
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    let file = options.open(&path).map_err(Error::io("write to", &path))?;
    if !lock_within(&file, &path, LEFTOVER)? {
        return Err(Error::InUse { path: data.to_path_buf(), pid: data::marked_pid(data) });
    }
    if file.metadata().is_ok_and(|metadata| metadata.len() > LONG_LOG) {
        file.set_len(0).map_err(Error::io("write to", &path))?;
    }
    Ok(file)
}

/// Takes the file's lock, waiting for it up to a limit; whether it was free by then.
#[expect(clippy::disallowed_methods, reason = "runs on a thread for blocking work")]
fn lock_within(file: &File, path: &Path, limit: Duration) -> Result<bool, Error> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if start.elapsed() > limit => return Ok(false),
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
    }
}
