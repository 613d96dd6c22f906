//! What happens after the reply, on one machine: the workers by the clock, and the queues between the relay and the
//! consumers. The relay is the one that runs on Lambda; only its queues are others.

use futures_util::future::{BoxFuture, join_all};
use shared::app::App;
use shared::consumer::{Attempt, ConsumerDeclaration};
use shared::deadline::{Deadline, LONGEST};
use shared::endpoint::Module;
use shared::outbox::{Message, Nudge, Queue, SendError, Stream};
use shared::worker::WorkerDeclaration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How often a worker looks for work that nobody nudged it for.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long work under way may take to finish once stopping has begun. What is cut off is taken up at the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// Queues without a place of their own: to send an event is to have it taken, at once. The relay marks it after that,
/// so that nothing is lost however the program ends.
pub struct InProcess {
    consumers: Vec<(ConsumerDeclaration, Arc<App>)>,
}

impl InProcess {
    /// The consumers of all modules, each with its module's app.
    pub fn of(modules: &[(Module, Arc<App>)]) -> Self {
        let consumers = modules.iter().flat_map(|(module, app)| {
            module.consumers.iter().map(move |consumer| (consumer.clone(), Arc::clone(app)))
        });
        Self { consumers: consumers.collect() }
    }

    /// The messages of one stream in their order, up to the first that is not taken.
    async fn deliver(
        consumer: &ConsumerDeclaration,
        app: &App,
        stream: Vec<(usize, &Message)>,
    ) -> Vec<(usize, Result<(), SendError>)> {
        let mut outcomes = Vec::new();
        let mut is_stopped = false;
        for (place, message) in stream {
            if is_stopped {
                outcomes.push((place, Err(SendError::Held)));
                continue;
            }
            let deadline = Deadline::within(LONGEST);
            let taken = consumer.take(app, &message.event, Attempt(message.attempt), deadline).await;
            is_stopped = taken.is_err();
            outcomes.push((place, taken.map_err(|fault| SendError::Refused(fault.reason()))));
        }
        outcomes
    }
}

impl Queue for InProcess {
    fn send<'a>(
        &'a self,
        consumer: &'a str,
        batch: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), SendError>>> {
        Box::pin(async move {
            let Some((consumer, app)) = self.consumers.iter().find(|(declared, _)| declared.name == consumer)
            else {
                return vec![Err(SendError::Refused("there is no such consumer".to_owned())); batch.len()];
            };
            let mut streams: BTreeMap<Stream, Vec<(usize, &Message)>> = BTreeMap::new();
            for (place, message) in batch.iter().enumerate() {
                streams.entry(message.event.stream()).or_default().push((place, message));
            }
            let delivering = streams.into_values().map(|stream| Self::deliver(consumer, app, stream));
            let outcomes: BTreeMap<_, _> = join_all(delivering).await.into_iter().flatten().collect();
            outcomes.into_values().collect()
        })
    }
}

/// Wakes the workers.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Nudge for Bell {
    fn nudge(&self) {
        self.0.notify_one();
    }
}

/// The workers at work.
#[derive(Debug)]
pub struct Background {
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Background {
    /// Starts every worker with an app under its role. The bell wakes the relay.
    pub fn start(workers: Vec<(WorkerDeclaration, Arc<App>)>, bell: &Bell) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        for (worker, app) in workers {
            running.spawn(keep(worker, app, bell.clone(), stopping.clone()));
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
async fn keep(worker: WorkerDeclaration, app: Arc<App>, bell: Bell, mut stopping: watch::Receiver<bool>) {
    let mut pause = LOOK;
    loop {
        let ran = worker.run(&app, worker.timeout).await;
        pause = if ran.is_ok() { LOOK } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = bell.0.notified(), if ran.is_ok() && worker.needs.queues => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
