//! Mail on one machine: each mail is a file in the data folder, and a page shows the files.

mod page;

pub use page::Mails;

use futures_util::future::BoxFuture;
use shared::deadline::Deadline;
use shared::mail::{Letter, MailGateway, ProviderId, Sender, Unsent, message};
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A folder of `.eml` files, each named by its mail's id: sent again, a mail is the same file.
#[derive(Debug, Clone)]
pub struct MailFolder {
    folder: PathBuf,
    from: Sender,
}

impl MailFolder {
    /// The mails in that folder, which the first mail makes; new mails are from `from`.
    pub fn new(folder: PathBuf, from: Sender) -> Self {
        Self { folder, from }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

/// Writes the whole file or none, for its owner alone: beside its place first, then moved there.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}"));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    io::Write::write_all(&mut file, bytes)?;
    fs::rename(unfinished, folder.join(name))
}

impl MailGateway for MailFolder {
    fn send<'a>(&'a self, letter: &'a Letter, _: Deadline) -> BoxFuture<'a, Result<ProviderId, Unsent>> {
        Box::pin(async move {
            let bytes = message(&self.from, letter)?;
            let (folder, name) = (self.folder.clone(), format!("{}.eml", letter.id));
            let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
            match written {
                Ok(Ok(())) => Ok(ProviderId(letter.id.to_string())),
                Ok(Err(error)) => Err(Unsent::Failed(format!("the mail folder: {}", error.kind()))),
                Err(_) => Err(Unsent::Failed("writing a mail ended unexpectedly".to_owned())),
            }
        })
    }
}
