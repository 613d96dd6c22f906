//! A worker with its parts, ready to run.

use super::{Progress, Worker, WorkerDeclaration, WorkerRun};
use crate::app::App;
use crate::background::log_lines;
use crate::failure::Fault;
use crate::parts::{Noted, Opening, Parts};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The rest of a run's time in which no step is begun, so that the last step can end.
const LAST_STEP: Duration = Duration::from_secs(2);

/// A worker with its parts, ready to run.
#[derive(Clone)]
pub struct OpenWorker {
    /// What every function has.
    pub app: Arc<App>,
    /// The worker.
    pub declaration: WorkerDeclaration,
    pub(super) steps: Arc<dyn Work>,
}

impl std::fmt::Debug for OpenWorker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OpenWorker({})", self.declaration.name)
    }
}

impl OpenWorker {
    /// Works until nothing is left to do, a step fails or the time is nearly over; the number of things done.
    pub async fn run(&self, left: Duration) -> Result<usize, Fault> {
        self.steps.run(&self.app, left).await
    }
}

/// The steps that know the worker's type.
pub(super) trait Work: Send + Sync {
    fn run<'a>(&'a self, app: &'a App, left: Duration) -> BoxFuture<'a, Result<usize, Fault>>;
}

struct WithParts<W: Worker>(<W::Parts as Parts>::Opened);

pub(super) fn open<W: Worker>(opening: &Opening) -> Result<Arc<dyn Work>, Noted> {
    let parts = <W::Parts as Parts>::open(opening)?;
    Ok(Arc::new(WithParts::<W>(parts)))
}

impl<W: Worker> Work for WithParts<W> {
    fn run<'a>(&'a self, app: &'a App, left: Duration) -> BoxFuture<'a, Result<usize, Fault>> {
        Box::pin(run::<W>(WorkerRun::within(app, &self.0, left)))
    }
}

async fn run<W: Worker>(run: WorkerRun<'_, W::Parts>) -> Result<usize, Fault> {
    let started = Instant::now();
    let mut all = 0;
    let outcome = loop {
        match step::<W>(&run).await {
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
            function: W::NAME,
            done: all,
            duration: started.elapsed(),
            round_trips: run.round_trips.count(),
            fault: outcome.as_ref().err(),
        });
    }
    outcome
}

/// Does one step; a panic is a fault.
async fn step<W: Worker>(run: &WorkerRun<'_, W::Parts>) -> Result<Progress, Fault> {
    let guarded = AssertUnwindSafe(W::step(run)).catch_unwind();
    guarded.await.unwrap_or_else(|_| Err(Fault::internal("the worker panicked")))
}
