//! Workers: what happens by the clock, such as the relay. A worker is declared like an endpoint and is a binary of its
//! own. Its work spans clinics, so it has a database role of its own with narrow policies.

use crate::app::{App, Needs};
use crate::background::log_lines;
use crate::database::{RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::http::Sample;
use crate::outbox::Stream;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// A worker.
pub trait Worker: 'static {
    /// The name of the worker's binary, e.g. `outbox-relay`; unique in the workspace.
    const NAME: &'static str;
    /// The worker's task, in one line.
    const SUMMARY: &'static str;
    /// The worker's database role.
    const ROLE: &'static str;
    /// The time from run to run. A worker whose work cannot wait that long is nudged.
    const EVERY: Duration = Duration::from_mins(1);
    /// The time that a run may take.
    const TIMEOUT: Duration = Duration::from_secs(55);
    /// What the worker needs, the database included.
    const NEEDS: Needs = Needs::DATABASE;

    /// Every statement that the worker may send, as [`Endpoint::statements`](crate::http::Endpoint::statements).
    fn statements(sample: &Sample<'_>) -> Vec<Statement<()>>;

    /// Does one bounded piece of work. Called again at once while a step did something and time is left.
    fn step(run: &WorkerRun<'_>) -> impl Future<Output = Result<Progress, Fault>> + Send;
}

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The step did so many things; there may be more.
    Done(usize),
    /// Nothing is left to do for now.
    Idle,
}

/// One run of a worker.
#[derive(Debug)]
pub struct WorkerRun<'a> {
    /// The injected parts.
    pub app: &'a App,
    /// The instant by which the run must be over.
    pub until: Instant,
    round_trips: RoundTrips,
    bookmark: Mutex<Stream>,
}

impl<'a> WorkerRun<'a> {
    /// A run that may take `left`.
    pub fn within(app: &'a App, left: Duration) -> Self {
        Self {
            app,
            until: Instant::now() + left,
            round_trips: RoundTrips::default(),
            bookmark: Mutex::default(),
        }
    }

    /// The stream of the outbox at which the last step of this run ended, so that the next step begins behind it. Each
    /// run begins anew.
    pub fn bookmark(&self) -> Stream {
        self.bookmark.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the stream at which this step ended.
    pub fn put_bookmark(&self, stream: Stream) {
        *self.bookmark.lock().unwrap_or_else(PoisonError::into_inner) = stream;
    }

    /// The instant now, by the injected clock.
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// A new id, made now.
    pub fn new_id(&self) -> Uuid {
        self.app.ids.new_id(self.now())
    }

    /// The time left of the run.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The deadline of one transaction or call: the end of the run, ten seconds from now at most.
    pub fn deadline(&self) -> Deadline {
        Deadline::within(self.left())
    }

    /// A reading transaction under the worker's role.
    pub fn read(&self) -> Tx<'_> {
        Tx::reading(&self.app.database, &self.round_trips, self.deadline(), Scope::default())
    }

    /// A writing transaction under the worker's role.
    pub fn write(&self) -> Tx<'_> {
        Tx::writing(&self.app.database, &self.round_trips, self.deadline(), Scope::default(), None)
    }
}

type Stepping<'a> = Pin<Box<dyn Future<Output = Result<Progress, Fault>> + Send + 'a>>;

/// A worker's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct WorkerDeclaration {
    /// The name of the worker's binary.
    pub name: &'static str,
    /// The worker's task, in one line.
    pub summary: &'static str,
    /// The worker's database role.
    pub role: &'static str,
    /// The time from run to run.
    pub every: Duration,
    /// The time that a run may take.
    pub timeout: Duration,
    /// What the worker cannot do without.
    pub needs: Needs,
    /// Every statement that the worker may send.
    pub statements: fn(&Sample<'_>) -> Vec<Statement<()>>,
    step: for<'a> fn(&'a WorkerRun<'_>) -> Stepping<'a>,
}

/// The rest of a run's time in which no step is begun, so that the last step can end.
const LAST_STEP: Duration = Duration::from_secs(2);

impl WorkerDeclaration {
    /// The declaration of `W`.
    pub fn of<W: Worker>() -> Self {
        Self {
            name: W::NAME,
            summary: W::SUMMARY,
            role: W::ROLE,
            every: W::EVERY,
            timeout: W::TIMEOUT,
            needs: W::NEEDS,
            statements: W::statements,
            step: |run| Box::pin(W::step(run)),
        }
    }

    /// Does one step; a panic is a fault.
    pub async fn step(&self, run: &WorkerRun<'_>) -> Result<Progress, Fault> {
        let guarded = AssertUnwindSafe((self.step)(run)).catch_unwind();
        guarded.await.unwrap_or_else(|_| Err(Fault::internal("the worker panicked")))
    }

    /// Works until nothing is left to do, a step fails or the time is nearly over; the number of things done.
    pub async fn run(&self, app: &App, left: Duration) -> Result<usize, Fault> {
        let started = Instant::now();
        let run = WorkerRun::within(app, left);
        let mut all = 0;
        let outcome = loop {
            match self.step(&run).await {
                Ok(Progress::Done(count)) => all += count,
                Ok(Progress::Idle) => break Ok(all),
                Err(fault) => break Err(fault),
            }
            if run.left() < LAST_STEP {
                break Ok(all);
            }
        };
        if all > 0 || outcome.is_err() {
            log_lines::worked(&log_lines::Worked {
                function: self.name,
                done: all,
                duration: started.elapsed(),
                round_trips: run.round_trips.count(),
                fault: outcome.as_ref().err(),
            });
        }
        outcome
    }
}
