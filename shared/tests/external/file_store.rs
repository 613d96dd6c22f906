//! The file store as a bucket of S3, which an emulator plays.

use jiff::Timestamp;
use shared::clock::{Clock as _, SystemClock};
use shared::deadline::Deadline;
use shared::external::{FileKey, FileLink, FileStore};
use shared::validation::Text;
use std::sync::Arc;
use std::time::Duration;
use testkit::{AwsEmulator, open_part};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use uuid::Uuid;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

fn key(id: u128) -> FileKey {
    FileKey { kind: "exports", clinic: Uuid::from_u128(7), id: Uuid::from_u128(id) }
}

fn link(id: u128, from: Timestamp) -> FileLink {
    FileLink { key: key(id), media_type: "application/json", from, lifetime: Duration::from_mins(5) }
}

/// The store with a bucket of its own, and S3 at `address` if that is not the emulator's.
async fn store(bucket: &str, address: Option<&str>) -> Arc<FileStore> {
    let emulator = AwsEmulator::running().await;
    emulator.make_bucket(bucket).await;
    let given = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let given = given.map(|key| (key, emulator.variable(key).unwrap()));
    let own = emulator.variable("AWS_ENDPOINT_URL_S3").unwrap();
    let mut variables: Vec<_> = given.iter().map(|(key, value)| (*key, value.as_str())).collect();
    variables.push(("AWS_ENDPOINT_URL_S3", address.unwrap_or(&own)));
    variables.push(("FILES_BUCKET", bucket));
    open_part(&variables).unwrap()
}

#[tokio::test]
async fn what_is_put_is_found_until_it_is_deleted_and_the_last_put_counts() {
    let store = store("kept", None).await;
    assert_eq!(store.head(key(1), 10, soon()).await.unwrap(), None);
    store.put(key(1), "text/plain", "first".into(), soon()).await.unwrap();
    store.put(key(1), "text/plain", "the second".into(), soon()).await.unwrap();
    assert_eq!(store.head(key(1), 3, soon()).await.unwrap().unwrap(), "the");
    assert_eq!(store.head(key(1), 100, soon()).await.unwrap().unwrap(), "the second");
    assert_eq!(store.head(key(2), 100, soon()).await.unwrap(), None, "another file");
    for _ in 0..2 {
        store.delete(key(1), soon()).await.unwrap();
    }
    assert_eq!(store.head(key(1), 100, soon()).await.unwrap(), None);
}

#[tokio::test]
async fn an_empty_file_and_a_large_one_are_files() {
    let store = store("sizes", None).await;
    let large = vec![7; 3 * 1024 * 1024];
    store.put(key(1), "text/plain", Vec::new().into(), soon()).await.unwrap();
    store.put(key(2), "text/plain", large.clone().into(), soon()).await.unwrap();
    assert!(store.head(key(1), 10, soon()).await.unwrap().is_none_or(|content| content.is_empty()));
    assert_eq!(store.head(key(2), usize::MAX, soon()).await.unwrap().unwrap(), large);
}

#[tokio::test]
async fn a_link_brings_a_file_and_another_fetches_it_under_its_name() {
    let store = store("links", None).await;
    let (now, name) = (SystemClock.now(), Text::try_from("Exportação.json").unwrap());
    let bring = store.to_bring(&link(1, now), 7).await.unwrap();
    let brought =
        curl(&["-X", "PUT", "-H", "content-type: application/json", "-d", "{\"a\":1}", &bring]).await;
    assert!(brought.starts_with("HTTP/1.1 200"), "{brought}");
    assert_eq!(store.head(key(1), 100, soon()).await.unwrap().unwrap(), "{\"a\":1}");

    let fetch = store.to_fetch(&link(1, now), &name).await.unwrap();
    let fetched = curl(&[&fetch]).await;
    assert!(fetched.ends_with("{\"a\":1}"), "{fetched}");
    let lower = fetched.to_lowercase();
    assert!(lower.contains("content-disposition: attachment; filename=\"exporta__o.json\""), "{fetched}");
    assert!(lower.contains("content-type: application/json"), "{fetched}");
}

#[tokio::test]
async fn a_link_is_good_for_its_time_its_file_its_size_and_its_type() {
    let store = store("signed", None).await;
    let from = Timestamp::from_second(1_790_000_000).unwrap();
    let fetch = store.to_fetch(&link(1, from), &Text::try_from("a").unwrap()).await.unwrap();
    let bring = store.to_bring(&link(1, from), 7).await.unwrap();
    for link in [&fetch, &bring] {
        assert!(link.contains(&format!("/signed/{}?", key(1))), "{link}");
        assert!(link.contains("X-Amz-Date=20260921T") && link.contains("X-Amz-Expires=300"), "{link}");
        assert!(link.contains("X-Amz-Signature="), "{link}");
    }
    // What S3 holds a request to is what is among the signed headers.
    assert!(bring.contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"), "{bring}");
    let forever = FileLink { lifetime: Duration::from_hours(24 * 8), ..link(1, from) };
    assert!(store.to_bring(&forever, 7).await.is_err(), "S3 takes seven days at most");
}

#[tokio::test]
async fn a_store_that_is_away_and_a_bucket_that_is_missing_are_faults_that_say_so() {
    let away = store("away", Some("http://127.0.0.1:1")).await;
    let fault = away.put(key(1), "text/plain", "a".into(), soon()).await.unwrap_err();
    assert_eq!(fault.private.as_deref(), Some("the file store: the call failed: no answer"));
    let emulator = AwsEmulator::running().await.variable("AWS_ENDPOINT_URL_S3").unwrap();
    let missing = open_part::<FileStore>(&[
        ("AWS_REGION", "sa-east-1"),
        ("AWS_ACCESS_KEY_ID", "TEST"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_S3", &emulator),
        ("FILES_BUCKET", "nobody-made-it"),
    ]);
    let missing = missing.unwrap();
    // A refusal is an answer: it opens no breaker, however often it comes.
    for _ in 0..6 {
        let fault = missing.put(key(1), "text/plain", "a".into(), soon()).await.unwrap_err();
        assert_eq!(fault.private.as_deref(), Some("the file store: NoSuchBucket"));
    }
}

/// A server that answers every request with the whole of a file, whatever range was asked for.
async fn whole_file(content: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.read(&mut [0; 8192]).await;
            let length = content.len();
            let reply =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{content}");
            let _ = client.write_all(reply.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn no_more_of_a_file_is_handed_out_than_was_asked_for() {
    let store = store("whole", Some(&whole_file("the whole").await)).await;
    assert_eq!(store.head(key(1), 3, soon()).await.unwrap().unwrap(), "the");
    assert_eq!(store.head(key(1), 0, soon()).await.unwrap().unwrap(), "");
}

#[tokio::test]
async fn a_link_is_good_for_a_second_at_least() {
    let store = store("seconds", None).await;
    let link = |lifetime| FileLink { lifetime, ..link(1, SystemClock.now()) };
    assert!(store.to_bring(&link(Duration::from_millis(999)), 1).await.is_err());
    assert!(store.to_bring(&link(Duration::from_secs(1)), 1).await.is_ok());
}

#[test]
fn a_missing_setting_is_named() {
    let bad = open_part::<FileStore>(&[]).unwrap_err();
    assert_eq!(bad.to_string(), "FILES_BUCKET is missing");
    let bad = open_part::<FileStore>(&[("FILES_BUCKET", "not a bucket!!"), ("AWS_REGION", "sa-east-1")])
        .unwrap_err();
    assert!(bad.to_string().contains("FILES_BUCKET must be the name of a bucket of S3"), "{bad}");
}

/// The reply to a request by curl, with its head.
async fn curl(arguments: &[&str]) -> String {
    let output = tokio::process::Command::new("curl").args(["-s", "-i"]).args(arguments).output();
    String::from_utf8(output.await.unwrap().stdout).unwrap()
}
