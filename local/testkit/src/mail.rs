use futures_util::future::BoxFuture;
use shared::deadline::Deadline;
use shared::mail::{Letter, MailGateway, ProviderId, Unsent};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::{Mutex as Gate, MutexGuard as Held, Semaphore};

/// A mail gateway that keeps the mails that it is given.
#[derive(Debug)]
pub struct TestMail {
    sent: Mutex<Vec<Letter>>,
    failures: Mutex<VecDeque<Unsent>>,
    gate: Gate<()>,
    given: Semaphore,
}

impl Default for TestMail {
    fn default() -> Self {
        let (sent, failures) = (Mutex::default(), Mutex::default());
        Self { sent, failures, gate: Gate::default(), given: Semaphore::new(0) }
    }
}

impl TestMail {
    /// The mails that were handed over and taken, in order.
    pub fn sent(&self) -> Vec<Letter> {
        self.letters().clone()
    }

    /// Refuses the next mail for this reason.
    pub fn fail_next(&self, unsent: Unsent) {
        self.failures.lock().unwrap().push_back(unsent);
    }

    /// Answers nobody until the returned guard is dropped.
    pub async fn hold(&self) -> Held<'_, ()> {
        self.gate.lock().await
    }

    /// Waits until the next mail is handed over, answered or not.
    pub async fn given(&self) {
        self.given.acquire().await.unwrap().forget();
    }

    fn letters(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.sent.lock().unwrap()
    }
}

impl MailGateway for TestMail {
    fn send<'a>(&'a self, letter: &'a Letter, _: Deadline) -> BoxFuture<'a, Result<ProviderId, Unsent>> {
        Box::pin(async move {
            let failure = self.failures.lock().unwrap().pop_front();
            if failure.is_none() {
                self.letters().push(letter.clone());
            }
            self.given.add_permits(1);
            drop(self.gate.lock().await);
            failure.map_or_else(|| Ok(ProviderId(format!("test-{}", letter.id))), Err)
        })
    }
}
