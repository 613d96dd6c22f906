//! A server that answers as it is told, and keeps what it was asked.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request: its head and its body.
pub(crate) type Request = (String, String);

/// A server. It answers each request with the same bytes and closes the connection; without bytes it keeps it, and says
/// nothing.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// One that answers with these bytes.
    pub(crate) async fn of(reply: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keeping = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let request = read(&mut client).await;
                keeping.lock().unwrap().push(request);
                if reply.is_empty() {
                    silent.push(client);
                    continue;
                }
                let _ = client.write_all(&reply).await;
            }
        });
        Self { url, asked }
    }

    /// One that answers with that status and body.
    pub(crate) async fn saying(status: &str, body: &str) -> Self {
        Self::of(reply(status, "", body.as_bytes())).await
    }

    /// What it was asked.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

/// A whole reply.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn read(client: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let mut part = vec![0; 64 * 1024];
        let length = client.read(&mut part).await.unwrap();
        assert!(length > 0, "the request broke off");
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
            return (head, body.to_owned());
        }
    }
}
