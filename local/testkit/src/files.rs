use bytes::Bytes;
use futures_util::future::BoxFuture;
use shared::deadline::Deadline;
use shared::external::{FileKey, FileLink, Files};
use shared::failure::Fault;
use shared::validation::Text;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A file store that keeps files in memory. Its links say what they are for, and nobody answers them.
#[derive(Debug, Default)]
pub struct TestFiles(Mutex<BTreeMap<String, Bytes>>);

impl TestFiles {
    /// The files that are kept, by the text of their keys.
    pub fn kept(&self) -> BTreeMap<String, Bytes> {
        self.files().clone()
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.0.lock().unwrap()
    }
}

impl Files for TestFiles {
    fn put<'a>(
        &'a self,
        key: FileKey,
        _media_type: &'static str,
        content: Bytes,
        _deadline: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        self.files().insert(key.to_string(), content);
        Box::pin(async { Ok(()) })
    }

    fn head(&self, key: FileKey, most: usize, _: Deadline) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        let found = self.files().get(&key.to_string()).map(|file| file.slice(..most.min(file.len())));
        Box::pin(async { Ok(found) })
    }

    fn delete(&self, key: FileKey, _: Deadline) -> BoxFuture<'_, Result<(), Fault>> {
        self.files().remove(&key.to_string());
        Box::pin(async { Ok(()) })
    }

    fn to_fetch<'a>(&'a self, link: &'a FileLink, name: &'a Text) -> BoxFuture<'a, Result<String, Fault>> {
        let until = link.from.as_second() + i64::try_from(link.lifetime.as_secs()).unwrap();
        let link = format!("https://files.example/{}?until={until}&name={}", link.key, name.as_str());
        Box::pin(async { Ok(link) })
    }

    fn to_bring<'a>(&'a self, link: &'a FileLink, size: u64) -> BoxFuture<'a, Result<String, Fault>> {
        let link = format!("https://files.example/{}?size={size}", link.key);
        Box::pin(async { Ok(link) })
    }
}
