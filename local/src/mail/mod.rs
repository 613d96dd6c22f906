//! Mail on one machine: each mail is a file in the data folder, and a page shows the files.

mod page;

pub use page::Mails;

use crate::data::write_whole;
use futures_util::future::BoxFuture;
use shared::deadline::Deadline;
use shared::mail::{Letter, MailGateway, ProviderId, Sender, Unsent, message};
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

impl MailGateway for MailFolder {
    fn send<'a>(&'a self, letter: &'a Letter, _: Deadline) -> BoxFuture<'a, Result<ProviderId, Unsent>> {
        Box::pin(async move {
            let bytes = message(&self.from, letter)?;
            let path = self.folder.join(format!("{}.eml", letter.id));
            let written = tokio::task::spawn_blocking(move || write_whole(&path, &bytes)).await;
            match written {
                Ok(Ok(())) => Ok(ProviderId(letter.id.to_string())),
                Ok(Err(error)) => Err(Unsent::Failed(format!("the mail folder: {}", error.kind()))),
                Err(_) => Err(Unsent::Failed("writing a mail ended unexpectedly".to_owned())),
            }
        })
    }
}
