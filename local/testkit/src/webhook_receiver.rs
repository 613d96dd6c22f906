use crate::python;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The reference library of Standard Webhooks, in another language than ours.
const PACKAGES: [&str; 1] = ["standardwebhooks==1.1.0"];

/// A receiver of webhooks that verifies them by the reference library: 204 to a good one, 400 to any other. The
/// receiver ends with its owner.
#[derive(Debug)]
pub struct WebhookReceiver {
    port: u16,
    program: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl WebhookReceiver {
    /// Starts a receiver; on a new machine installs the library.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(|| {
            let folder = python::packages(&PACKAGES);
            let mut command = Command::new("python3");
            command
                .args(["-c", include_str!("webhook_receiver.py")])
                .env("PYTHONPATH", folder)
                .process_group(0);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut program = command.spawn().unwrap();
            let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
            let port = lines.next().unwrap().unwrap().parse().unwrap();
            Self { port, program, lines }
        })
        .await
        .unwrap()
    }

    /// The receiver's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Verifies by this secret from now on.
    pub fn expect(&mut self, secret: &str) {
        let mut input = self.program.stdin.as_ref().unwrap();
        input.write_all(format!("{secret}\n").as_bytes()).unwrap();
        assert_eq!(self.lines.next().unwrap().unwrap(), "expecting");
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        let _ = self.program.wait();
    }
}
