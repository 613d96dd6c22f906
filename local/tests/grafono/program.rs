//! The built program, run as a newcomer runs it, in a data folder of the test's own.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use testkit::assert_none_in;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A folder that other users may enter, as the one Postgres runs under when root starts it.
pub(crate) fn new_folder() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let folder = std::env::temp_dir().join(format!("grafono-program-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Removes a folder that a program may still be leaving: whoever ends with an error does not wait for its database.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "no runtime waits here")]
pub(crate) fn remove_folder(folder: impl AsRef<Path>) {
    let started = Instant::now();
    while let Err(error) = std::fs::remove_dir_all(&folder) {
        assert!(started.elapsed() < Duration::from_secs(20), "{error}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The program's command line, in an environment that says nothing about databases or ports.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grafono"));
    command.args(arguments).env_remove("DATABASE_URL").env_remove("GRAFONO_PORT").env_remove("GRAFONO_DATA");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end: its exit code, standard output and standard error.
pub(crate) fn run(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (printed, error) = (text(output.stdout), text(output.stderr));
    assert_none_in("the program's output", &printed);
    assert_none_in("the program's last words", &error);
    (output.status.code(), printed, error)
}

/// SQL as a superuser; the first column of the first row.
pub(crate) fn sql(url: &str, text: &str) -> Option<String> {
    Runtime::new().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let messages = client.simple_query(text).await.unwrap();
        messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
    })
}

/// The program, serving.
pub(crate) struct Program {
    child: Child,
    /// Standard output and standard error.
    output: Option<JoinHandle<String>>,
    /// What of it came before it listened, and in the end all of it.
    printed: String,
    /// `http://127.0.0.1:PORT`.
    pub(crate) address: String,
    data: PathBuf,
    is_data_own: bool,
}

impl Program {
    /// Serves on a free port, with a data folder of its own.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(&new_folder(), arguments, &[]).owning()
    }

    /// Serves on a free port, with a data folder of its own and these variables.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::spawn(&new_folder(), &[], variables).owning()
    }

    /// Serves on a free port, with that data folder.
    pub(crate) fn start_on(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn(data, arguments, &[])
    }

    /// As [`Program::start_on`], in the name of one address whatever the port: tokens are good at the next start, too.
    pub(crate) fn start_again_on(data: &Path) -> Self {
        Self::spawn(data, &[], &[("PUBLIC_URL", "http://127.0.0.1:3000")])
    }

    /// Its data folder goes away with it.
    fn owning(mut self) -> Self {
        self.is_data_own = true;
        self
    }

    fn spawn(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = data.to_str().unwrap();
        let mut command = command(&[&["serve", "--port", "0", "--data", folder], arguments].concat());
        command.envs(variables.iter().copied());
        let (reader, writer) = std::io::pipe().unwrap();
        let child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
        // It holds ends to write to: while one is open here, the output does not end.
        drop(command);
        let mut output = BufReader::new(reader);
        let mut printed = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended before it listened: {printed}");
            printed.push_str(&line);
            if let Some(address) = line.strip_prefix("Grafono listens on ") {
                break address.trim().to_owned();
            }
        };
        // Somebody must read along: a program that writes into a full pipe stands still.
        let output = std::thread::spawn(move || {
            let mut rest = Vec::new();
            output.read_to_end(&mut rest).unwrap();
            String::from_utf8(rest).unwrap()
        });
        Self { child, output: Some(output), printed, address, data: data.to_owned(), is_data_own: false }
    }

    /// What curl prints, as JSON.
    pub(crate) fn curl(&self, arguments: &[&str], path: &str) -> Value {
        serde_json::from_str(&self.curl_text(arguments, path)).unwrap()
    }

    /// What curl prints.
    pub(crate) fn curl_text(&self, arguments: &[&str], path: &str) -> String {
        let url = format!("{}{path}", self.address);
        let output =
            Command::new("curl").args(["-s", "--max-time", "20"]).args(arguments).arg(url).output().unwrap();
        assert!(!output.stdout.is_empty(), "{path}: no reply, {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends this as it stands; everything that comes back until the connection ends.
    pub(crate) fn send(&self, sent: &str) -> String {
        let mut stream = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        // Whoever is refused early may find the connection closed before everything is sent.
        let _ = stream.write_all(sent.as_bytes());
        let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut part) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => unreachable!("{error}, after {}", String::from_utf8_lossy(&bytes)),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The address of its database, for a superuser: the server's own note says where its socket is.
    pub(crate) fn database_url(&self) -> String {
        let note = std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).unwrap();
        format!("postgresql:///grafono?host={}&user=postgres", note.lines().nth(4).unwrap())
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// SQL as a superuser, past the program; the first column of the first row.
    pub(crate) fn sql(&self, text: &str) -> Option<String> {
        sql(&self.database_url(), text)
    }

    /// Begins a transaction as a superuser that stays open until what this gives is dropped.
    pub(crate) fn hold(&self, text: &str) -> (Runtime, Client) {
        let (url, runtime) = (self.database_url(), Runtime::new().unwrap());
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&format!("BEGIN; {text}")).await.unwrap();
            client
        });
        (runtime, client)
    }

    /// What its database wrote down.
    pub(crate) fn database_log(&self) -> String {
        std::fs::read_to_string(self.data.join("postgres.log")).unwrap()
    }

    /// Sends a signal by its name, e.g. `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Stops it as Ctrl-C does: what it printed, and its exit code.
    pub(crate) fn stop(self) -> (String, Option<i32>) {
        self.signal("INT");
        self.wait()
    }

    /// Waits for its end: what it printed, and its exit code.
    pub(crate) fn wait(mut self) -> (String, Option<i32>) {
        self.end()
    }

    /// The one end of every run: nothing personal or secret may be in anything it printed (F2).
    fn end(&mut self) -> (String, Option<i32>) {
        self.read_to_end();
        let code = self.child.wait().unwrap().code();
        assert_none_in("the program's output", &self.printed);
        (std::mem::take(&mut self.printed), code)
    }
}

impl Program {
    fn read_to_end(&mut self) {
        if let Some(output) = self.output.take() {
            self.printed.push_str(&output.join().unwrap_or_default());
        }
    }

    /// For a test that failed: its warnings, errors and requests that ended in 500.
    #[expect(clippy::print_stderr, reason = "beside what the test itself says")]
    fn say_what_went_wrong(&mut self) {
        self.read_to_end();
        let is_bad = |line: &&str| {
            ["panicked", "WARN", "ERROR", "\"status\":500"].iter().any(|sign| line.contains(sign))
        };
        for line in self.printed.lines().filter(is_bad).take(50) {
            eprintln!("{line}");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        if std::thread::panicking() {
            let _ = self.child.wait();
            self.say_what_went_wrong();
        } else {
            self.end();
        }
        if self.is_data_own {
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}
