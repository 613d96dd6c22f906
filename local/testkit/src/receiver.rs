use crate::canary::assert_none_in;
use crate::python;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The package that decodes OTLP as collectors do.
const PACKAGES: [&str; 1] = ["oteltap==1.0.0"];

/// How long a test waits for spans.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver of OTLP over HTTP on a free port of this machine. Its libraries are for x86-64 alone.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    got: Arc<Got>,
    /// The receiver's process, which runs while its standard input is open.
    _server: Child,
}

#[derive(Debug, Default)]
struct Got {
    /// All bytes that were sent, headers and resource included.
    bytes: Mutex<Vec<u8>>,
    spans: Mutex<Vec<Value>>,
    more: Condvar,
}

impl Receiver {
    /// Starts a receiver; on a new machine installs it.
    pub fn start() -> Self {
        let folder = python::packages(&PACKAGES);
        let port = free_port();
        let arguments = ["oteltap", "--port", &port.to_string()];
        let mut server = python::server(&folder, &arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with("Listening")), "the receiver does not start");
        let got = Arc::new(Got::default());
        let shared = Arc::clone(&got);
        std::thread::spawn(move || lines.for_each(|line| shared.keep(&line)));
        let address = tap(port, Arc::clone(&got));
        Self { address, got, _server: server }
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until so many spans of that trace have come; the spans in the order of their beginning.
    pub fn spans(&self, trace_id: &str, count: usize) -> Vec<Value> {
        self.spans_once(trace_id, |spans| spans.len() >= count)
    }

    /// Waits until the spans of that trace are enough; the spans in the order of their beginning.
    pub fn spans_once(&self, trace_id: &str, are_enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let of_trace = |spans: &[Value]| -> Vec<Value> {
            spans.iter().filter(|span| span["traceId"] == trace_id).cloned().collect()
        };
        let spans = self.got.spans.lock().unwrap();
        let too_few = |spans: &mut Vec<Value>| !are_enough(&of_trace(spans));
        let (spans, waited) = self.got.more.wait_timeout_while(spans, PATIENCE, too_few).unwrap();
        assert!(!waited.timed_out(), "too few spans of {trace_id}: {spans:#?}");
        let mut found = of_trace(&spans);
        found.sort_by_key(|span| span["startTimeUnixNano"].as_str().unwrap().parse::<u64>().unwrap());
        found
    }

    /// All spans so far.
    pub fn all(&self) -> Vec<Value> {
        self.got.spans.lock().unwrap().clone()
    }

    /// All bytes that were sent, as text; bytes that are no text are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.got.bytes.lock().unwrap()).into_owned()
    }
}

impl Drop for Receiver {
    /// Fails the test when a canary was sent, whatever the test was about (F2).
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_none_in("what the receiver got", &self.text());
        }
    }
}

impl Got {
    fn keep(&self, line: &str) {
        if let Ok(span) = serde_json::from_str(line) {
            self.spans.lock().unwrap().push(span);
            self.more.notify_all();
        }
    }
}

/// An attribute of a span as text.
pub fn attribute(span: &Value, key: &str) -> Option<String> {
    let all = span["attributes"].as_array()?;
    let value = all.iter().find(|attribute| attribute["key"] == key)?["value"].as_object()?;
    let value = value.values().next()?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// A port that was free a moment ago: the receiver cannot choose one itself.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An address that leads to `port` and keeps the bytes sent there.
fn tap(port: u16, got: Arc<Got>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
            let got = Arc::clone(&got);
            std::thread::spawn(move || keep(client, server, &got));
        }
    });
    address
}

fn keep(mut client: TcpStream, mut server: TcpStream, got: &Got) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        got.bytes.lock().unwrap().extend_from_slice(&buffer[..count]);
        if server.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}
