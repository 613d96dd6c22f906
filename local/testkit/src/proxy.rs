use crate::TestDatabase;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio_postgres::config::{Config, Host};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A wire between a client and the test's Postgres, which counts round trips: a round trip begins when the client sends
/// after bytes of the server have reached it. A mute wire lets nothing of the server through any more.
#[derive(Debug)]
pub struct Proxy {
    folder: PathBuf,
    name: String,
    wire: Arc<Wire>,
}

#[derive(Debug, Default)]
struct Wire {
    round_trips: AtomicU32,
    mute: AtomicBool,
}

impl Proxy {
    /// A wire to `database`, for as long as the test's runtime lives.
    pub fn to(database: &TestDatabase) -> Self {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("grafono-proxy-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let server = server_of(&database.url("postgres"));
        let wire = Arc::new(Wire::default());
        let shared = Arc::clone(&wire);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                let replied = Arc::new(AtomicBool::new(true));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(requests(from_client, to_server, Arc::clone(&shared), Arc::clone(&replied)));
                tokio::spawn(replies(from_server, to_client, Arc::clone(&shared), replied));
            }
        });
        Self { folder, name: database.name().to_owned(), wire }
    }

    /// The database's address through this wire, under a role.
    pub fn url(&self, role: &str) -> String {
        format!("postgresql:///{}?host={}&user={role}", self.name, self.folder.display())
    }

    /// The number of round trips so far, those of connecting included.
    pub fn round_trips(&self) -> u32 {
        self.wire.round_trips.load(Ordering::SeqCst)
    }

    /// Lets nothing of the server reach a client from now on.
    pub fn mute(&self) {
        self.wire.mute.store(true, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The socket of the server at that address.
pub(crate) fn server_of(url: &str) -> PathBuf {
    let config: Config = url.parse().unwrap();
    match config.get_hosts() {
        [Host::Unix(folder)] => folder.join(".s.PGSQL.5432"),
        hosts => unreachable!("the test cluster has a socket: {hosts:?}"),
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    wire: Arc<Wire>,
    replied: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if replied.swap(false, Ordering::SeqCst) {
            wire.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}

async fn replies(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, wire: Arc<Wire>, replied: Arc<AtomicBool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if wire.mute.load(Ordering::SeqCst) {
            continue;
        }
        replied.store(true, Ordering::SeqCst);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
