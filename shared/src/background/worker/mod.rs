//! Workers: what happens by the clock, such as the relay. A worker is declared like an endpoint and is a binary of its
//! own. Its work spans clinics, so it has a database role of its own with narrow policies.

mod opened;

pub use opened::OpenWorker;

use crate::app::{App, Frame};
use crate::database::{RoundTrips, Scope, Tx};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::outbox::Stream;
use crate::parts::{self, Noted, Opening, Parts, Requirements};
use jiff::Timestamp;
use opened::Work;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// The last part of a run, in which the worker finishes what it began and begins nothing. Where one process runs the
    /// worker again and again, the next run begins beside this part.
    const FINISHING: Duration = Duration::ZERO;
    /// The parts that the worker uses, beside what every function has; often none.
    type Parts: Parts;

    /// Does one bounded piece of work. Called again at once while a step did something and time is left.
    fn step(run: &WorkerRun<'_, Self::Parts>) -> impl Future<Output = Result<Progress, Fault>> + Send;
}

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The step did so many things; there may be more.
    Done(usize),
    /// Nothing is left to do for now.
    Idle,
}

/// One run of a worker, with the parts that the worker names.
pub struct WorkerRun<'a, P: Parts = ()> {
    /// What every function has.
    pub app: &'a App,
    /// The worker's parts.
    pub parts: &'a P::Opened,
    /// The instant by which the run must be over.
    pub until: Instant,
    round_trips: RoundTrips,
    bookmark: Mutex<Stream>,
}

impl<P: Parts> std::fmt::Debug for WorkerRun<'_, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WorkerRun")
    }
}

impl<'a, P: Parts> WorkerRun<'a, P> {
    fn within(app: &'a App, parts: &'a P::Opened, left: Duration) -> Self {
        Self {
            app,
            parts,
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

/// A worker's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct WorkerDeclaration {
    /// The name of the worker's binary.
    pub name: &'static str,
    /// The path of the declaring type, e.g. `billing::ledger::get_balance::GetBalance`.
    pub type_path: &'static str,
    /// The worker's task, in one line.
    pub summary: &'static str,
    /// The worker's database role.
    pub role: &'static str,
    /// The time from run to run.
    pub every: Duration,
    /// The time that a run may take.
    pub timeout: Duration,
    /// The last part of that time, in which nothing is begun.
    pub finishing: Duration,
    /// The parts that the frame around the worker uses.
    pub frame: Frame,
    /// The requirements of the parts that the worker names.
    pub parts: fn() -> Vec<(&'static str, Requirements)>,
    open: fn(&Opening) -> Result<Arc<dyn Work>, Noted>,
}

impl WorkerDeclaration {
    /// The declaration of `W`.
    pub fn of<W: Worker>() -> Self {
        Self {
            name: W::NAME,
            type_path: std::any::type_name::<W>(),
            summary: W::SUMMARY,
            role: W::ROLE,
            every: W::EVERY,
            timeout: W::TIMEOUT,
            finishing: W::FINISHING,
            frame: const { Frame::NONE.with_database() },
            parts: parts::requirements::<W::Parts>,
            open: opened::open::<W>,
        }
    }

    /// The requirements of everything that the worker's function opens.
    pub fn requirements(&self) -> Vec<(&'static str, Requirements)> {
        let mut all = self.frame.requirements();
        all.extend((self.parts)());
        all
    }

    /// Opens the worker's parts, beside what every function has. Where that was not opened, the parts are opened all the
    /// same, so that their bad settings are noted, too.
    pub fn open(self, app: Result<Arc<App>, Noted>, opening: &Opening) -> Result<OpenWorker, Noted> {
        let steps = (self.open)(opening)?;
        Ok(OpenWorker { app: app?, declaration: self, steps })
    }
}
