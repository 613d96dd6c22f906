//! The file store of one machine, by the links that it hands out.

use bytes::Bytes;
use grafono::files::FileFolder;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use jiff::{SignedDuration, Timestamp};
use shared::deadline::Deadline;
use shared::external::{FileKey, FileLink, Files as _};
use shared::validation::Text;
use std::path::PathBuf;
use std::time::Duration;
use uuid::Uuid;

const KEY: FileKey = FileKey { kind: "exports", clinic: Uuid::from_u128(7), id: Uuid::from_u128(1) };

/// A folder that ends with the test.
struct Folder {
    path: PathBuf,
    files: FileFolder,
    now: Timestamp,
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("grafono-files-{name}-{}", std::process::id()));
        let files = FileFolder::new(path.clone(), "http://127.0.0.1:3000".to_owned()).unwrap();
        Self { path, files, now: Timestamp::from_second(1_790_000_000).unwrap() }
    }

    fn link(&self) -> FileLink {
        FileLink { key: KEY, media_type: "text/plain", from: self.now, lifetime: Duration::from_mins(5) }
    }

    async fn to_bring(&self, size: u64) -> String {
        self.files.to_bring(&self.link(), size).await.unwrap()
    }

    async fn to_fetch(&self) -> String {
        self.files.to_fetch(&self.link(), &Text::try_from("Olá.txt").unwrap()).await.unwrap()
    }

    async fn ask(&self, method: &str, link: &str, body: &str) -> (StatusCode, Response<Bytes>) {
        self.ask_at(self.now, method, link, "text/plain", body).await
    }

    async fn ask_at(
        &self,
        at: Timestamp,
        method: &str,
        link: &str,
        media_type: &str,
        body: &str,
    ) -> (StatusCode, Response<Bytes>) {
        let link = link.strip_prefix("http://127.0.0.1:3000").unwrap();
        let request = Request::builder().method(method).uri(link).header("content-type", media_type);
        let (head, ()): (Parts, ()) = request.body(()).unwrap().into_parts();
        let answer: Response<Full<Bytes>> = self.files.answer(&head, body.as_bytes().to_vec(), at).await;
        let (parts, body) = answer.into_parts();
        (parts.status, Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

#[tokio::test]
async fn a_link_brings_a_file_and_another_fetches_it_under_its_name() {
    let folder = Folder::new("links");
    assert_eq!(folder.ask("GET", &folder.to_fetch().await, "").await.0, 404, "nothing is there yet");
    assert_eq!(folder.ask("PUT", &folder.to_bring(5).await, "hello").await.0, 200);
    let (status, fetched) = folder.ask("GET", &folder.to_fetch().await, "").await;
    assert_eq!((status.as_u16(), fetched.body().as_ref()), (200, b"hello".as_slice()));
    assert_eq!(fetched.headers()["content-type"], "text/plain");
    assert_eq!(
        fetched.headers()["content-disposition"],
        "attachment; filename=\"Ol_.txt\"; filename*=UTF-8''Ol%C3%A1%2Etxt"
    );
    assert_eq!(folder.files.head(KEY, 2, soon()).await.unwrap().unwrap(), "he");
    for _ in 0..2 {
        folder.files.delete(KEY, soon()).await.unwrap();
    }
    assert_eq!(folder.files.head(KEY, 2, soon()).await.unwrap(), None);
}

#[tokio::test]
async fn a_link_is_good_for_its_method_its_file_its_size_its_type_and_its_time() {
    let folder = Folder::new("signed");
    folder.files.put(KEY, "text/plain", "hello".into(), soon()).await.unwrap();
    let (fetch, bring) = (folder.to_fetch().await, folder.to_bring(5).await);
    let another = fetch.replace("000000000001?", "000000000002?");
    let longer = fetch.replace("until=1790000300", "until=1790009999");
    let renamed = fetch.replace("Ol_.txt", "evil.exe");
    let outside = fetch.replace("/local/files/exports", "/local/files/../token.key");
    let unsigned = fetch.split("&signature=").next().unwrap();
    for bad in [&another, &longer, &renamed, &outside, &format!("{fetch}AA"), unsigned, &bring] {
        assert_eq!(folder.ask("GET", bad, "").await.0, 403, "{bad}");
    }
    for (link, body) in [(&fetch, "hello"), (&bring, "hello!"), (&bring, "")] {
        assert_eq!(folder.ask("PUT", link, body).await.0, 403, "{link} {body}");
    }
    let html = folder.ask_at(folder.now, "PUT", &bring, "text/html", "hello").await;
    assert_eq!(html.0, 403, "another type than was signed");
    for (after, status) in [(-1, 403), (0, 200), (299, 200), (300, 403)] {
        let at = folder.now + SignedDuration::from_secs(after);
        assert_eq!(folder.ask_at(at, "GET", &fetch, "", "").await.0, status, "{after} s after");
    }
    let kept = std::fs::read_to_string(folder.path.join(KEY.to_string())).unwrap();
    assert_eq!(kept, "hello", "nothing refused was written");
}

#[tokio::test]
async fn another_process_does_not_know_the_links_of_this_one() {
    let folder = Folder::new("process");
    let other = FileFolder::new(folder.path.clone(), "http://127.0.0.1:3000".to_owned()).unwrap();
    let link = other.to_fetch(&folder.link(), &Text::try_from("a").unwrap()).await.unwrap();
    assert_eq!(folder.ask("GET", &link, "").await.0, 403);
}

#[tokio::test]
async fn of_many_writers_of_one_file_at_once_none_fails_and_the_last_one_counts_whole() {
    let folder = Folder::new("writers");
    let contents: Vec<Bytes> = (0..8_u8).map(|letter| Bytes::from(vec![letter; 4 << 20])).collect();
    let puts =
        contents.iter().map(|content| folder.files.put(KEY, "application/pdf", content.clone(), soon()));
    for put in futures_util::future::join_all(puts).await {
        put.unwrap();
    }
    let kept = folder.files.head(KEY, usize::MAX, soon()).await.unwrap().unwrap();
    assert!(contents.contains(&kept));
    let beside = std::fs::read_dir(folder.path.join(KEY.to_string()).parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "no unfinished file is left");
}

#[tokio::test]
async fn only_what_a_good_link_allows_is_read_and_no_link_is_for_more_than_one_machine_takes() {
    let folder = Folder::new("allows");
    let allows = |method: &str, link: &str| {
        let request = Request::builder().method(method).uri(link).body(()).unwrap();
        folder.files.allows(&request.into_parts().0, folder.now)
    };
    let link = folder.to_bring(7).await;
    assert_eq!(allows("PUT", &link), 7);
    for (method, link) in
        [("POST", link.clone()), ("PUT", format!("{link}x")), ("PUT", "/local/files/x".to_owned())]
    {
        assert_eq!(allows(method, &link), 0, "{method} {link}");
    }
    let large = u64::try_from(grafono::files::LARGEST).unwrap();
    assert!(folder.files.to_bring(&folder.link(), large).await.is_ok());
    assert!(folder.files.to_bring(&folder.link(), large + 1).await.is_err());
}
