//! A server that webhooks are sent to, which does as a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Posted {
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// A receiver. `/<status>` answers with that status, `/redirect` leads to `/200`, `/hang` never answers, `/drip` begins an
/// answer and goes on for ever, `/wait` answers 200 once something was posted to `/200`. A query makes it another address.
#[derive(Debug)]
pub(super) struct Receiver {
    port: u16,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let posted = Arc::new(Mutex::new(Vec::new()));
        let (seen, arrived) = (Arc::clone(&posted), Arc::new(Semaphore::new(0)));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client, Arc::clone(&seen), Arc::clone(&arrived)));
            }
        });
        Self { port, posted }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Under a name of that host.
    pub(super) fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// Everything posted so far.
    pub(super) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// How often something was posted to that path, whatever its query.
    pub(super) fn count(&self, path: &str) -> usize {
        self.posted().iter().filter(|posted| posted.path.split('?').next() == Some(path)).count()
    }

    /// Waits until so much was posted to that path.
    pub(super) async fn arrived(&self, path: &str, count: usize) {
        while self.count(path) < count {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

async fn answer(client: TcpStream, seen: Arc<Mutex<Vec<Posted>>>, arrived: Arc<Semaphore>) {
    let mut client = BufReader::new(client);
    while let Some(posted) = read(&mut client).await {
        let path = posted.path.clone();
        seen.lock().unwrap().push(posted);
        let head = match path.split('?').next().unwrap() {
            "/hang" => std::future::pending().await,
            "/drip" => drip(&mut client).await,
            "/redirect" => "307 Temporary Redirect\r\nlocation: /200".to_owned(),
            "/wait" => {
                let _arrived = arrived.acquire().await;
                "200 OK".to_owned()
            }
            status => {
                arrived.add_permits(1);
                format!("{} Said", &status[1..])
            }
        };
        let reply = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
        if client.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// One byte after the other, of a head without an end.
async fn drip(client: &mut BufReader<TcpStream>) -> String {
    let _ = client.write_all(b"HTTP/1.1 200 OK\r\nx-long: ").await;
    while client.write_all(b"x").await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    String::new()
}

async fn read(client: &mut BufReader<TcpStream>) -> Option<Posted> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    let path = lines[0].split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    client.read_exact(&mut body).await.ok()?;
    Some(Posted { path, headers, body: String::from_utf8(body).unwrap() })
}
