//! Requests, as far as the database sees them.

use crate::login::Login;
use shared::database::{Database, RoundTrips, Scope, Statement, Tx};
use shared::deadline::Deadline;
use shared::failure::{Fault, NoFailure};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

/// What a request may take, as on Lambda.
const TIME: Duration = Duration::from_secs(10);

/// How many send at once, and how many requests each sends.
const SENDERS: usize = 4;
const REQUESTS: usize = 60;

/// A request that adds a word.
pub(crate) async fn add(database: &Database, word: &str) -> Result<(), Fault> {
    add_within(database, word, TIME).await
}

/// The same with that much time.
pub(crate) async fn add_within(database: &Database, word: &str, time: Duration) -> Result<(), Fault> {
    let round_trips = RoundTrips::default();
    let mut tx = Tx::writing(database, &round_trips, Deadline::within(time), Scope::default(), None);
    tx.add(
        Statement::new("test.insert", "INSERT INTO public.effects (word) VALUES ($1)").bind(word.to_owned()),
    );
    tx.commit::<NoFailure>().await.map(|_| ()).map_err(Fault::from)
}

/// So many requests that need a connection each at the same time.
pub(crate) async fn at_once(database: &Database, count: usize) {
    let requests = (0..count).map(|_| async {
        let round_trips = RoundTrips::default();
        let mut tx = Tx::reading(database, &round_trips, Deadline::within(TIME), Scope::default());
        tx.add(Statement::new("test.sleep", "SELECT pg_sleep(0.3)"));
        tx.commit::<NoFailure>().await.map_err(Fault::from).unwrap();
    });
    futures_util::future::join_all(requests).await;
}

/// A request's word, and how it ended.
type Outcome = (String, Result<(), Fault>);

/// A steady stream of requests, each with a word of its own.
pub(crate) struct Traffic {
    senders: Vec<JoinHandle<Vec<Outcome>>>,
    /// Requests hold it to read. Whoever holds it to write knows that none is under way: a connection that is cut
    /// under a request would be a loss of its own kind.
    gate: Arc<RwLock<()>>,
    sent: Arc<AtomicUsize>,
}

impl Traffic {
    /// Starts it.
    pub(crate) fn start(database: &Database) -> Self {
        let gate = Arc::new(RwLock::new(()));
        let sent = Arc::new(AtomicUsize::new(0));
        let start = |sender: usize| {
            let (database, gate, sent) = (database.clone(), Arc::clone(&gate), Arc::clone(&sent));
            tokio::spawn(async move {
                let mut outcomes = Vec::new();
                for request in 0..REQUESTS {
                    let word = format!("{sender}-{request:02}");
                    let open = gate.read().await;
                    let outcome = add(&database, &word).await;
                    drop(open);
                    outcomes.push((word, outcome));
                    sent.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                outcomes
            })
        };
        Self { senders: (0..SENDERS).map(start).collect(), gate, sent }
    }

    /// Waits until so many more requests have been answered.
    pub(crate) async fn goes_on(&self, requests: usize) {
        let goal = self.sent.load(Ordering::SeqCst) + requests;
        while self.sent.load(Ordering::SeqCst) < goal {
            assert!(!self.senders.iter().all(JoinHandle::is_finished), "the traffic ended first");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Cuts the connections between two requests, so that the next ones must connect again.
    pub(crate) async fn cut(&self, login: &Login) {
        let _closed = self.gate.write().await;
        login.cut().await;
    }

    /// Waits for its end: the words of the requests that were answered well, in order, and the other outcomes.
    pub(crate) async fn end(self) -> (Vec<String>, Vec<Fault>) {
        let (mut words, mut faults) = (Vec::new(), Vec::new());
        for sender in self.senders {
            for (word, outcome) in sender.await.unwrap() {
                match outcome {
                    Ok(()) => words.push(word),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        assert_eq!(words.len() + faults.len(), SENDERS * REQUESTS);
        words.sort();
        (words, faults)
    }
}
