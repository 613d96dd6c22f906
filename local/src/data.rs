//! The folder in which this checkout keeps its database, keys and mail.

use crate::error::Error;
use sha2::{Digest as _, Sha256};
use shared::access::TokenSigner;
use shared::access::token::{new_key_pair, public_key};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The folders of the program.
#[derive(Debug)]
pub struct Data {
    /// The folder of all checkouts, with the installed `PostgreSQL`.
    pub home: PathBuf,
    /// The folder of this checkout.
    pub folder: PathBuf,
}

impl Data {
    /// Opens the folders, and makes missing ones.
    pub fn open(given: Option<PathBuf>) -> Result<Self, Error> {
        let home = postgres_cluster::install::home().ok_or(Error::NoHome)?;
        let folder = match given {
            Some(folder) => folder,
            None => home.join(checkout()?),
        };
        if folder.is_file() {
            return Err(Error::NotAFolder(folder));
        }
        fs::create_dir_all(&folder).map_err(Error::io("make the data folder", &folder))?;
        let folder = folder.canonicalize().map_err(Error::io("open the data folder", &folder))?;
        fs::read_dir(&folder).map_err(Error::io("read the data folder", &folder))?;
        Ok(Self { home, folder })
    }

    /// The key pair for access tokens, secret and public in PASERK form; made at the first start.
    pub fn token_keys(&self) -> Result<(String, String), Error> {
        self.keys("token.key")
    }

    /// The key pair for receipts, likewise.
    pub fn receipt_keys(&self) -> Result<(String, String), Error> {
        self.keys("receipt.key")
    }

    fn keys(&self, file: &str) -> Result<(String, String), Error> {
        let path = self.folder.join(file);
        let broken = |error| Error::Key(path.clone(), error);
        match fs::read_to_string(&path) {
            Ok(secret) => {
                TokenSigner::from_paserk(&secret, "").map_err(broken)?;
                let public = public_key(&secret).map_err(broken)?;
                Ok((secret.trim().to_owned(), public))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let (secret, public) = new_key_pair().map_err(broken)?;
                write_secret(&path, &secret)?;
                Ok((secret, public))
            }
            Err(error) => Err(Error::Io("read", path, error)),
        }
    }
}

/// Writes a new file that its owner alone reads.
pub(crate) fn write_secret(path: &Path, secret: &str) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(Error::io("write", path))?;
    file.write_all(secret.as_bytes()).map_err(Error::io("write", path))
}

/// A name for the current folder: its last part and a hash of its path, so that two checkouts do not share a database.
fn checkout() -> Result<String, Error> {
    let here = std::env::current_dir().map_err(Error::io("find the current folder", Path::new(".")))?;
    let name = here.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let hash = Sha256::digest(here.as_os_str().as_encoded_bytes());
    let hash = hash.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    Ok(format!("{plain}-{hash:08x}"))
}

/// The number of files begun: each writer has an unfinished file of its own, and the last one to be done counts.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// Writes the whole file or none, for its owner alone: beside its place first, then moved there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let (folder, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().unwrap_or_default());
    fs::create_dir_all(folder)?;
    let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{}.{}.{writer}", name.to_string_lossy(), std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // Nobody else would: its name is never used again.
        let _ = fs::remove_file(&unfinished);
    }
    written
}
