//! A built function as Lambda runs it: a process that asks a Runtime API for events.

mod batches;
mod runtime_api;
mod samples;

pub use batches::{batch, failures, record, takes_what_its_queue_hands_over};
pub use runtime_api::Outcome;
pub use samples::{FAR_AWAY, answers_as_the_pipeline_does, program};

use crate::assert_none_in;
use runtime_api::RuntimeApi;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

/// A deadline in the year 1970, as some emulators send it.
pub const LONG_AGO: u64 = 0;

/// How long a function may take to start, answer or stop before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A function's process and the Runtime API it talks to. Dropping it kills the process.
#[derive(Debug)]
pub struct Environment {
    process: Child,
    api: RuntimeApi,
}

impl Environment {
    /// Starts a function that has nothing in its environment but Lambda's own variables and these.
    pub async fn start(program: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_as(program, &[], variables).await
    }

    /// As [`Environment::start`], a program that is a function only when called with these arguments.
    pub async fn start_as(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let api = RuntimeApi::listen().await;
        let process = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, api }
    }

    /// Waits until the function asks for its first event; fails the test when it ends instead, with its output.
    pub async fn ready(&mut self) {
        let asked = tokio::select! {
            () = self.api.asked() => true,
            _ = self.process.wait() => false,
            () = tokio::time::sleep(PATIENCE) => false,
        };
        if !asked {
            let _ = self.process.start_kill();
            panic!("the function asked for no event: {}", self.output().await);
        }
    }

    /// Sends the function an event, with a deadline in milliseconds since 1970, and waits for the outcome.
    pub async fn invoke(&self, event: &str, deadline: u64) -> Outcome {
        tokio::time::timeout(PATIENCE, self.api.invoke(event, deadline)).await.unwrap()
    }

    /// The number of replies so far, which goes on counting.
    pub fn answered(&self) -> Arc<AtomicU32> {
        self.api.answered()
    }

    /// Sends SIGTERM, as Lambda does before it takes an environment away.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGKILL: the function ends in the middle of its work.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        kill_process(id.and_then(Pid::from_raw).unwrap(), signal).unwrap();
    }

    /// Waits for the end of the process: its exit status and all of its output.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        (status, self.output().await)
    }

    /// Ends the function as Lambda does; all of its output. Fails after a bad end, or with a canary in the output (F2).
    pub async fn stopped(self) -> String {
        self.terminate();
        let (status, log) = self.ended().await;
        assert!(status.success(), "{status}: {log}");
        assert_none_in("the function's log", &log);
        log
    }

    async fn output(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut output) = self.process.stdout.take() {
            output.read_to_string(&mut text).await.unwrap();
        }
        if let Some(mut errors) = self.process.stderr.take() {
            errors.read_to_string(&mut text).await.unwrap();
        }
        text
    }
}
