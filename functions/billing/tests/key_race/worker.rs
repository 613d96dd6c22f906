//! One of the six processes: before each key it says that it is ready and waits for the word; at the end it reports.

use crate::{endpoint, flush};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::clock::{Clock as _, SystemClock};
use std::process::ExitCode;
use tokio::runtime::Builder;

/// How many keys each process sends.
pub(crate) const KEYS: usize = 1_000;

/// Where a worker finds its [`Job`], as JSON.
pub(crate) const VARIABLE: &str = "KEY_RACE_JOB";

/// What a worker says when it is connected, and before each key.
pub(crate) const READY: &str = "ready";

/// How often a key that a twin holds is sent again.
const REPEATS: u32 = 5;

/// What a process is to send.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Requests to the endpoint.
    Endpoint(endpoint::Job),
    /// The flush alone.
    Flush(flush::Job),
}

/// What came back for a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    /// The body, or what is wrong.
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    First,
    Replayed,
    InFlight,
    /// Nothing else may happen.
    Other,
}

/// A key's way, from one process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) reply: Reply,
    /// How often a twin was in flight for longer than the lock is waited for.
    pub(crate) repeats: u32,
    pub(crate) started: Timestamp,
    pub(crate) ended: Timestamp,
}

/// What this process is to send, if it is a worker.
#[expect(clippy::disallowed_methods, reason = "a worker's job is no setting of the product")]
pub(crate) fn job() -> Option<Job> {
    let job = std::env::var(VARIABLE).ok()?;
    Some(serde_json::from_str(&job).unwrap())
}

/// A worker's whole life.
pub(crate) fn work(job: &Job) -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sent = match job {
            Job::Endpoint(job) => {
                let sender = endpoint::Sender::connect(job).await;
                in_step(async |number| sender.send(number).await).await
            }
            Job::Flush(job) => {
                let sender = flush::Sender::connect(job).await;
                in_step(async |number| sender.send(number).await).await
            }
        };
        println!("{}", serde_json::to_string(&sent).unwrap());
    });
    ExitCode::SUCCESS
}

/// Sends the keys in order, each once all processes are ready for it. Left to themselves one process runs ahead, and
/// the others find its keys long answered.
async fn in_step(send: impl AsyncFn(usize) -> Reply) -> Vec<Sent> {
    let mut all = Vec::with_capacity(KEYS);
    for number in 0..KEYS {
        wait_for_the_others();
        let started = SystemClock.now();
        let mut repeats = 0;
        let mut reply = send(number).await;
        while reply.outcome == Outcome::InFlight && repeats < REPEATS {
            repeats += 1;
            reply = send(number).await;
        }
        all.push(Sent { reply, repeats, started, ended: SystemClock.now() });
    }
    all
}

/// Nothing else runs in this process, so it may block.
fn wait_for_the_others() {
    println!("{READY}");
    let heard = std::io::stdin().read_line(&mut String::new()).unwrap();
    assert_ne!(heard, 0, "the race was called off");
}

/// The key of that number.
pub(crate) fn key(number: usize) -> String {
    format!("key-{number:04}")
}
