//! Files that are too large for a reply or a row, in a store beside the database: on AWS a bucket of S3, on one machine
//! a folder.
//!
//! People fetch and bring files by links that the store itself answers, which are good for a short time: no function
//! passes a file on. A link is a secret: whoever has it has the file.

use crate::deadline::Deadline;
use crate::external::ExternalCalls;
use crate::external::aws::Bucket;
use crate::failure::Fault;
use crate::parts::{Noted, Part, Permission, Reader, Requirements, Resource};
use crate::settings::{Form, Parameter, Setting, SettingError};
use crate::validation::Text;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const FILES_BUCKET: Setting = Setting::required("FILES_BUCKET", "the bucket of S3 that files are kept in")
    .parameter(Parameter::new(
        "FilesBucket",
        Form::Matches("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of a bucket of S3"),
    ));

/// The place of a file. Nothing in it is personal: it stands in links and in the store's own logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    /// What the file is, e.g. `exports`.
    pub kind: &'static str,
    /// The tenant.
    pub clinic: Uuid,
    /// `UUIDv7`.
    pub id: Uuid,
}

impl std::fmt::Display for FileKey {
    /// `kind/clinic/id`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.clinic, self.id)
    }
}

/// A link to a file, good until an instant.
#[derive(Debug, Clone)]
pub struct FileLink {
    /// What is fetched, or brought to.
    pub key: FileKey,
    /// E.g. `application/json`. Who brings a file must send this as its `Content-Type`.
    pub media_type: &'static str,
    /// The instant from which the link counts.
    pub from: Timestamp,
    /// How long the link is good from then on; seven days at most, and on AWS no longer than the function's own
    /// credentials, which are good for hours.
    pub lifetime: Duration,
}

/// A place that keeps files.
pub trait Files: Send + Sync {
    /// Keeps a whole file, in the place of an earlier one of that key.
    fn put<'a>(
        &'a self,
        key: FileKey,
        media_type: &'static str,
        content: Bytes,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>>;

    /// The first `most` bytes of a file; none when there is no such file.
    fn head(
        &self,
        key: FileKey,
        most: usize,
        deadline: Deadline,
    ) -> BoxFuture<'_, Result<Option<Bytes>, Fault>>;

    /// Deletes a file. That there is none is no failure.
    fn delete(&self, key: FileKey, deadline: Deadline) -> BoxFuture<'_, Result<(), Fault>>;

    /// An address at which the file is fetched, by GET, and saved under `name`.
    fn to_fetch<'a>(&'a self, link: &'a FileLink, name: &'a Text) -> BoxFuture<'a, Result<String, Fault>>;

    /// An address to which a file of `size` bytes, no more and no fewer, is brought, by PUT.
    fn to_bring<'a>(&'a self, link: &'a FileLink, size: u64) -> BoxFuture<'a, Result<String, Fault>>;
}

/// The file store.
pub struct FileStore(Arc<dyn Files>);

impl std::fmt::Debug for FileStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FileStore")
    }
}

impl FileStore {
    /// Files kept there.
    pub fn by(files: Arc<dyn Files>) -> Self {
        Self(files)
    }
}

impl std::ops::Deref for FileStore {
    type Target = dyn Files;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Part for FileStore {
    const NAME: &'static str = "file store";
    const REQUIREMENTS: Requirements = Requirements {
        permissions: &[
            Permission::to(
                &["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
                &[Resource::Arn("!Sub arn:${AWS::Partition}:s3:::${FilesBucket}/*")],
            ),
            // Without it S3 answers that access is denied where there is no such file.
            Permission::to(
                &["s3:ListBucket"],
                &[Resource::Arn("!Sub arn:${AWS::Partition}:s3:::${FilesBucket}")],
            ),
        ],
        ..Requirements::settings(&[FILES_BUCKET])
    };
    type Parts = ExternalCalls;

    fn open(settings: &Reader<'_>, external: Arc<ExternalCalls>) -> Result<Self, Noted> {
        let bucket = settings.required(&FILES_BUCKET, |name| {
            is_bucket(name).then(|| name.to_owned()).ok_or(SettingError::Malformed)
        })?;
        let bucket = Bucket::open(&|key| settings.aws(key), bucket, external);
        Ok(Self::by(Arc::new(bucket.map_err(|bad| settings.note_all(bad))?)))
    }
}

/// Whether a text has the form of a bucket's name, as the template's parameter asks for it.
fn is_bucket(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || byte == b'.' || byte == b'-')
        && [name.bytes().next(), name.bytes().last()].into_iter().flatten().all(is_plain)
}

/// `Content-Disposition` of a file to be saved under that name (RFC 6266, with RFC 8187 for what is not ASCII).
pub fn disposition(name: &Text) -> String {
    let plain: String = name
        .as_str()
        .chars()
        .map(|character| {
            let is_plain = character.is_ascii_alphanumeric() || " ._-".contains(character);
            if is_plain { character } else { '_' }
        })
        .collect();
    let whole = percent_encoding::utf8_percent_encode(name.as_str(), percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Given;

    #[test]
    fn a_bucket_is_told_by_its_form() {
        let Given::Parameter(Parameter { form: Form::Matches(pattern, _), .. }) = FILES_BUCKET.given else {
            unreachable!("the bucket is a parameter with a pattern")
        };
        let pattern = regex::Regex::new(pattern).unwrap();
        let long = "a".repeat(64);
        let good = ["grafono-files", "abc", "a.b-9", &long[1..]];
        let bad = ["", "ab", " grafono", "not a bucket!! ", "Grafono", "-files", "files-", "a_b", &long];
        for (name, expected) in good.map(|name| (name, true)).into_iter().chain(bad.map(|name| (name, false)))
        {
            assert_eq!((is_bucket(name), pattern.is_match(name)), (expected, expected), "{name}");
        }
    }

    #[test]
    fn a_name_adds_nothing_to_its_header_and_is_kept_whole() {
        let named = disposition(&Text::try_from("Ficha \"Ação\"; a=b.json").unwrap());
        assert_eq!(
            named,
            "attachment; filename=\"Ficha _A__o__ a_b.json\"; \
             filename*=UTF-8''Ficha%20%22A%C3%A7%C3%A3o%22%3B%20a%3Db%2Ejson"
        );
    }
}
