//! What happens after the reply, on one machine: the workers, by the clock. The relay is the one that runs on Lambda;
//! only its queues are others ([`shared::background::InProcess`]).

use futures_util::future::BoxFuture;
use shared::app::App;
use shared::background::WorkerDeclaration;
use shared::outbox::Nudge;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a worker that goes by the minute on Lambda looks for work here; others as much more seldom.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long work under way may take to finish once stopping has begun. What is cut off is taken up at the next start.
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
    /// Starts every worker with an app under its role. The nudge wakes the relay.
    pub fn start(workers: Vec<(WorkerDeclaration, Arc<App>)>, notify: &Notify) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        for (worker, app) in workers {
            running.spawn(keep(worker, app, notify.clone(), stopping.clone()));
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

/// Has a worker run again and again. After a failure it waits, longer each time.
async fn keep(worker: WorkerDeclaration, app: Arc<App>, notify: Notify, mut stopping: watch::Receiver<bool>) {
    let look = LOOK.max(worker.every / 60);
    let mut pause = look;
    loop {
        let ran = worker.run(&app, worker.timeout).await;
        pause = if ran.is_ok() { look } else { (pause * 2).min(LONGEST_PAUSE.max(look)) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = notify.0.notified(), if ran.is_ok() && worker.needs.queues => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
