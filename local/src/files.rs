//! The file store on one machine: a folder, and links to it that are answered under `/local/files`. A link is good for
//! one file, one method, and a while, as a link to a bucket of S3 is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use form_urlencoded::{Serializer, parse};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use sha2::Sha256;
use shared::access::random;
use shared::deadline::Deadline;
use shared::external::file_store::disposition;
use shared::external::{FileKey, FileLink, Files};
use shared::failure::Fault;
use shared::validation::Text;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

/// The path of links.
const ADDRESS: &str = "/local/files/";

/// The largest file that is brought, in bytes.
pub const LARGEST: usize = 32 * 1024 * 1024;

/// A folder of files.
#[derive(Clone)]
pub struct FileFolder {
    folder: PathBuf,
    /// Where links lead, e.g. `http://127.0.0.1:3000`.
    origin: String,
    /// The key that links are signed with; a new one in every process, as links live for minutes.
    key: [u8; 64],
}

impl std::fmt::Debug for FileFolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FileFolder")
    }
}

/// A request with a link that is not good.
struct NotGood;

impl FileFolder {
    /// The files in that folder, which the first file makes.
    pub fn new(folder: PathBuf, origin: String) -> io::Result<Self> {
        let key = random::bytes().map_err(|_| io::Error::other("the system gave no randomness"))?;
        Ok(Self { folder, origin, key })
    }

    /// Whether a request is for one of these links.
    pub fn is_asked(head: &Parts) -> bool {
        head.uri.path().starts_with(ADDRESS)
    }

    /// The most bytes that a request may bring by its link: none where the link is not good.
    pub fn allows(&self, head: &Parts, now: Timestamp) -> usize {
        let size = self.verified(head, now).ok().and_then(|(_, signed)| signed.get("size")?.parse().ok());
        size.unwrap_or(0)
    }

    /// The answer to a request for a link, at the instant `now`.
    pub async fn answer(&self, head: &Parts, body: Vec<u8>, now: Timestamp) -> Response<Full<Bytes>> {
        let Ok((path, signed)) = self.verified(head, now) else {
            return plain(StatusCode::FORBIDDEN, "the link is not good, or not good any more");
        };
        if head.method == Method::PUT {
            let is_as_signed = signed.get("size") == Some(&body.len().to_string())
                && signed.get("type").map(String::as_bytes)
                    == head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
            if !is_as_signed {
                return plain(StatusCode::FORBIDDEN, "the link is for another size or Content-Type");
            }
            return match on_a_thread(move || crate::data::write_whole(&path, &body)).await {
                Ok(()) => plain(StatusCode::OK, ""),
                Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the file was not written"),
            };
        }
        let Ok(content) = on_a_thread(move || fs::read(path)).await else {
            return plain(StatusCode::NOT_FOUND, "there is no such file");
        };
        let mut response = Response::new(Full::new(Bytes::from(content)));
        for (name, member) in [(CONTENT_TYPE, "type"), (CONTENT_DISPOSITION, "disposition")] {
            let value = signed.get(member).and_then(|value| HeaderValue::from_str(value).ok());
            response.headers_mut().extend(value.map(|value| (name, value)));
        }
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The file that a good link leads to, and what the link says.
    fn verified(&self, head: &Parts, now: Timestamp) -> Result<(PathBuf, BTreeMap<String, String>), NotGood> {
        let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
        let (signed, signature) = query.rsplit_once("&signature=").ok_or(NotGood)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| NotGood)?;
        let mac = self.mac(head.method.as_str(), path, signed);
        mac.verify_slice(&signature).map_err(|_| NotGood)?;
        let members: BTreeMap<String, String> = parse(signed.as_bytes()).into_owned().collect();
        let second = |member: &str| members.get(member).and_then(|text| text.parse::<i64>().ok());
        let (from, until) = (second("from").ok_or(NotGood)?, second("until").ok_or(NotGood)?);
        // A path with a good signature is one that was made here, and leads into the folder.
        let rest = path.strip_prefix(ADDRESS).ok_or(NotGood)?;
        let now = now.as_second();
        if (from..until).contains(&now) { Ok((self.folder.join(rest), members)) } else { Err(NotGood) }
    }

    fn link(&self, method: &str, link: &FileLink, own: &[(&str, String)]) -> String {
        let path = format!("{ADDRESS}{}", link.key);
        let from = link.from.as_second();
        let seconds = i64::try_from(link.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut query = Serializer::new(String::new());
        query.append_pair("from", &from.to_string());
        query.append_pair("until", &from.saturating_add(seconds).to_string());
        query.append_pair("type", link.media_type).extend_pairs(own);
        let query = query.finish();
        let signature = URL_SAFE_NO_PAD.encode(self.mac(method, &path, &query).finalize().into_bytes());
        format!("{}{path}?{query}&signature={signature}", self.origin)
    }

    fn mac(&self, method: &str, path: &str, query: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(format!("{method}\n{path}\n{query}").as_bytes());
        mac
    }

    fn path(&self, key: FileKey) -> PathBuf {
        self.folder.join(key.to_string())
    }
}

impl Files for FileFolder {
    fn put<'a>(
        &'a self,
        key: FileKey,
        _: &'static str,
        content: Bytes,
        _: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        let path = self.path(key);
        Box::pin(async move {
            on_a_thread(move || crate::data::write_whole(&path, &content)).await.map_err(fault)
        })
    }

    fn head(&self, key: FileKey, most: usize, _: Deadline) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        let path = self.path(key);
        let read = move || {
            let mut content = Vec::new();
            fs::File::open(path)?.take(most as u64).read_to_end(&mut content)?;
            Ok(Bytes::from(content))
        };
        Box::pin(async move {
            match on_a_thread(read).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                read => read.map(Some).map_err(fault),
            }
        })
    }

    fn delete(&self, key: FileKey, _: Deadline) -> BoxFuture<'_, Result<(), Fault>> {
        let path = self.path(key);
        Box::pin(async move {
            match on_a_thread(move || fs::remove_file(path)).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                deleted => deleted.map_err(fault),
            }
        })
    }

    fn to_fetch<'a>(&'a self, link: &'a FileLink, name: &'a Text) -> BoxFuture<'a, Result<String, Fault>> {
        let link = self.link("GET", link, &[("disposition", disposition(name))]);
        Box::pin(std::future::ready(Ok(link)))
    }

    fn to_bring<'a>(&'a self, link: &'a FileLink, size: u64) -> BoxFuture<'a, Result<String, Fault>> {
        let link = self.link("PUT", link, &[("size", size.to_string())]);
        let is_possible = usize::try_from(size).is_ok_and(|size| size <= LARGEST);
        let link = is_possible
            .then_some(link)
            .ok_or_else(|| Fault::internal("a file larger than one machine takes"));
        Box::pin(std::future::ready(link))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn fault(error: io::Error) -> Fault {
    Fault::internal(format!("the folder of files: {}", error.kind()))
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::Error::other("the thread ended")))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
