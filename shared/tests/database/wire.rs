//! A listener between the pool and the server: it counts the bursts that cross it, asks questions of its own on the
//! server connection, and loses a connection when told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_postgres::config::{Config, Host};

/// What a server that shuts down says last (message `E`): FATAL, 57P01.
const GOODBYE: &[u8] = b"E\0\0\0\x1fSFATAL\0VFATAL\0C57P01\0Mbye\0\0";

type Question = (String, oneshot::Sender<Vec<u8>>);

/// How the wire loses a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    /// COMMIT reaches the server, its reply nobody.
    BehindCommit,
    /// The next burst does not reach the server, whose last word is 57P01.
    Goodbye,
    /// The next burst does not reach the server, and the line is closed without a word.
    HangUp,
    /// The next burst does not reach the server, and the line stays open without a word.
    Silence,
}

pub(crate) struct Wire {
    /// The address that leads through it.
    pub(crate) url: String,
    questions: mpsc::Sender<Question>,
    line: Arc<Line>,
}

struct Line {
    socket: String,
    questions: Mutex<mpsc::Receiver<Question>>,
    bursts: AtomicU32,
    loss: std::sync::Mutex<Option<Loss>>,
}

impl Wire {
    /// A wire to the server of that URL, which has a socket folder.
    pub(crate) async fn to(url: &str) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), url).await
    }

    /// The same, listening at `address`.
    pub(crate) async fn at(address: SocketAddr, url: &str) -> Self {
        let config: Config = url.parse().unwrap();
        let Some(Host::Unix(folder)) = config.get_hosts().first() else {
            panic!("the server has a socket folder");
        };
        let listener = TcpListener::bind(address).await.unwrap();
        let (questions, asked) = mpsc::channel(1);
        let line = Arc::new(Line {
            socket: format!("{}/.s.PGSQL.{}", folder.display(), config.get_ports().first().unwrap_or(&5432)),
            questions: Mutex::new(asked),
            bursts: AtomicU32::new(0),
            loss: std::sync::Mutex::new(None),
        });
        let url = format!(
            "host=127.0.0.1 port={} user={} dbname={} sslmode=disable",
            listener.local_addr().unwrap().port(),
            config.get_user().unwrap(),
            config.get_dbname().unwrap(),
        );
        let accepting = Arc::clone(&line);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let line = Arc::clone(&accepting);
                tokio::spawn(async move { line.carry(client).await });
            }
        });
        Self { url, questions, line }
    }

    /// How often the client began to speak after the server had spoken.
    pub(crate) fn bursts(&self) -> u32 {
        self.line.bursts.load(Ordering::SeqCst)
    }

    /// Loses the connection that is used next; those after it are left alone.
    pub(crate) fn lose_next(&self, how: Loss) {
        *self.line.loss.lock().unwrap() = Some(how);
    }

    /// Asks for one text on the server connection that the pool has open, behind the pool's back.
    pub(crate) async fn send(&self, sql: &str) -> String {
        let (sender, answer) = oneshot::channel();
        self.questions.send((sql.to_owned(), sender)).await.unwrap();
        only_value(&answer.await.unwrap())
    }
}

impl Line {
    async fn carry(&self, mut client: TcpStream) {
        let mut server = UnixStream::connect(&self.socket).await.unwrap();
        let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
        let mut server_spoke = true;
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let Ok(length @ 1..) = read else { return };
                    if std::mem::replace(&mut server_spoke, false) {
                        self.bursts.fetch_add(1, Ordering::SeqCst);
                    }
                    let loss = self.loss.lock().unwrap().take();
                    if let Some(loss) = loss {
                        return lose(loss, &mut client, &mut server, &up[..length]).await;
                    }
                    server.write_all(&up[..length]).await.unwrap();
                }
                read = server.read(&mut down) => {
                    let Ok(length @ 1..) = read else { return };
                    server_spoke = true;
                    let _ = client.write_all(&down[..length]).await;
                }
                Some((sql, answer)) = async { self.questions.lock().await.recv().await } => {
                    server.write_all(&query(&sql)).await.unwrap();
                    let _ = answer.send(hear(&mut server, b"Z\0\0\0\x05I").await);
                }
            }
        }
    }
}

async fn lose(how: Loss, client: &mut TcpStream, server: &mut UnixStream, burst: &[u8]) {
    match how {
        Loss::BehindCommit => {
            server.write_all(burst).await.unwrap();
            hear(server, b"COMMIT\0Z").await;
        }
        Loss::Goodbye => client.write_all(GOODBYE).await.unwrap(),
        Loss::HangUp => {}
        Loss::Silence => {
            let mut ignored = [0; 1_024];
            while matches!(client.read(&mut ignored).await, Ok(1..)) {}
        }
    }
}

/// A simple query (message `Q`).
fn query(sql: &str) -> Vec<u8> {
    let length = u32::try_from(sql.len() + 5).unwrap();
    [b"Q", &length.to_be_bytes()[..], sql.as_bytes(), b"\0"].concat()
}

/// What the server says up to and with `end`.
async fn hear(server: &mut UnixStream, end: &[u8]) -> Vec<u8> {
    let (mut heard, mut part) = (Vec::new(), vec![0; 65_536]);
    while !contains(&heard, end) {
        let length = server.read(&mut part).await.unwrap();
        assert_ne!(length, 0, "the server hung up");
        heard.extend_from_slice(&part[..length]);
    }
    heard
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The text of the one column of the one row (message `D`).
fn only_value(mut answer: &[u8]) -> String {
    loop {
        let length = 1 + usize::try_from(u32::from_be_bytes(answer[1..5].try_into().unwrap())).unwrap();
        if answer[0] == b'D' {
            return String::from_utf8(answer[11..length].to_vec()).unwrap();
        }
        answer = &answer[length..];
    }
}
