//! The workers on one machine, by the clock. They are those that run on Lambda; only the relay's queues are others
//! ([`shared::background::InProcess`]).

use futures_util::future::BoxFuture;
use shared::background::OpenWorker;
use shared::outbox::{Nudge, Queues};
use shared::parts::Part as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a worker with a period of a minute looks for work here; a longer period is longer here, too.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long work under way may take to finish once stopping has begun. The next start takes up work that was cut off.
const DRAIN: Duration = Duration::from_secs(5);

/// Wakes the workers.
#[derive(Debug, Clone, Default)]
pub struct Notify(Arc<tokio::sync::Notify>);

impl Nudge for Notify {
    fn nudge(&self) -> BoxFuture<'_, ()> {
        self.0.notify_one();
        Box::pin(std::future::ready(()))
    }
}

/// The workers at work.
#[derive(Debug)]
pub struct Background {
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Background {
    /// Starts every worker. The nudge wakes the relay.
    pub fn start(workers: Vec<OpenWorker>, notify: &Notify) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        for worker in workers {
            running.spawn(keep(worker, notify.clone(), stopping.clone()));
        }
        Self { workers: running, stop }
    }

    /// Lets work under way finish, and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ended = async { while self.workers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(DRAIN, ended).await;
    }
}

/// Runs a worker again and again. The pause after a failure is longer each time. A run that only finishes what it began
/// goes on beside the next one, so that work of that time does not wait for it.
async fn keep(worker: OpenWorker, notify: Notify, mut stopping: watch::Receiver<bool>) {
    let look = LOOK.max(worker.declaration.every / 60);
    let is_nudged = worker.declaration.requirements().iter().any(|(part, _)| *part == Queues::NAME);
    let mut pause = look;
    let mut runs = JoinSet::new();
    loop {
        let went_well = begin(&worker, &mut runs).await;
        pause = if went_well { look } else { (pause * 2).min(LONGEST_PAUSE.max(look)) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = notify.0.notified(), if went_well && is_nudged => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    while runs.join_next().await.is_some() {}
}

/// Begins a run, and waits until it has ended or only finishes what it began; whether it went well so far.
async fn begin(worker: &OpenWorker, runs: &mut JoinSet<bool>) -> bool {
    let (timeout, finishing) = (worker.declaration.timeout, worker.declaration.finishing);
    let running = worker.clone();
    let begun = runs.spawn(async move { running.run(timeout).await.is_ok() }).id();
    let ended = async {
        while let Some(ended) = runs.join_next_with_id().await {
            match ended {
                Ok((id, went_well)) if id == begun => return went_well,
                Err(error) if error.id() == begun => return false,
                _ => {}
            }
        }
        false
    };
    // Without that last part a run ends by itself, whenever it does.
    let begins_nothing = async {
        if finishing.is_zero() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(timeout.saturating_sub(finishing)).await;
    };
    tokio::select! {
        went_well = ended => went_well,
        () = begins_nothing => true,
    }
}
