//! Where a built function can be killed: at any message on its way to Postgres and back, at any request to the payment
//! provider. The product has no hook for it; the places are found on the wire.
//!
//! A first run with [`Wire::listening`] records the messages. Then, for each of [`Recorded::points`], the function runs again
//! over a wire that [stops](Wire::stopping) there. Postgres runs what had reached it, as it would; then [`Wire::kill`] kills
//! the process.

mod frames;
mod postgres;
mod provider;

use crate::TestApp;
use crate::lambda::{Environment, FAR_AWAY, Outcome};
use crate::proxy::server_of;
use payment_sandbox::Sandbox;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, watch};

/// How long what follows a reply may take to reach its point: a row beside, a lease of the limits.
const BESIDE: Duration = Duration::from_secs(1);

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A place on a function's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Postgres has run so many messages; the next one does not reach it.
    Sent(usize),
    /// Postgres has run so many flushes; the reply to the last of them does not reach the function.
    Unanswered(usize),
    /// The request of that number does not reach the provider until [`Wire::deliver_late`].
    Asked(usize),
    /// The provider has taken the request of that number; nothing of its reply reaches the function.
    Done(usize),
    /// Half of the reply to the request of that number reaches the function.
    Half(usize),
}

/// What a function sent.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The kind of each message to Postgres (`PostgreSQL`, "Message Formats"); `0` for the first of a connection, which has none.
    messages: Vec<u8>,
    /// How often Postgres was ready for the next flush.
    flushes: usize,
    /// How often the provider was asked.
    asked: usize,
}

impl Recorded {
    /// Every place at which the function could be killed with another outcome: each border of a statement, where Postgres has
    /// run one more than at the border before, and each side of a request to the provider. With `KILL_EVERYWHERE` in the
    /// environment, each message.
    pub fn points(&self) -> Vec<Point> {
        let everywhere = std::env::var_os("KILL_EVERYWHERE").is_some();
        // Execute, Query, Sync: what goes before them has run nothing yet.
        let runs = |kind: u8| everywhere || matches!(kind, b'E' | b'Q' | b'S');
        let borders = self.messages.iter().enumerate().filter(|(_, kind)| runs(**kind));
        let sent = borders.map(|(before, _)| Point::Sent(before));
        let unanswered = (1..=self.flushes).map(Point::Unanswered);
        let asked =
            (1..=self.asked).flat_map(|number| [Point::Asked, Point::Done, Point::Half].map(|at| at(number)));
        sent.chain(unanswered).chain(asked).collect()
    }
}

/// What has passed, and what is not to pass.
#[derive(Debug, Default)]
struct Passing {
    recorded: Recorded,
    point: Option<Point>,
    is_stopped: bool,
    /// The request that was held back.
    late: Option<(http::request::Parts, bytes::Bytes)>,
}

/// What the ends of a wire share.
#[derive(Debug)]
struct Watched {
    passing: Mutex<Passing>,
    stopped: Notify,
    /// How many connections to Postgres are open.
    open: watch::Sender<usize>,
}

impl Watched {
    fn passing(&self) -> MutexGuard<'_, Passing> {
        self.passing.lock().unwrap()
    }

    /// Counts what passes here; whether it is to stop here.
    fn stops(&self, count: impl FnOnce(&mut Recorded), is_there: impl FnOnce(&Recorded) -> Point) -> bool {
        let mut passing = self.passing();
        if passing.is_stopped {
            return true;
        }
        count(&mut passing.recorded);
        passing.is_stopped = passing.point == Some(is_there(&passing.recorded));
        passing.is_stopped
    }

    fn tell_stopped(&self) {
        self.stopped.notify_one();
    }
}

/// A function's way to its database and to the payment provider, for one run.
#[derive(Debug)]
pub struct Wire {
    folder: PathBuf,
    database: String,
    provider: String,
    sandbox: Sandbox,
    watched: Arc<Watched>,
}

impl Wire {
    /// A wire that lets everything pass.
    pub async fn listening(app: &TestApp) -> Self {
        Self::to(app, None).await
    }

    /// A wire that lets nothing pass beyond this point.
    pub async fn stopping(app: &TestApp, point: Point) -> Self {
        Self::to(app, Some(point)).await
    }

    async fn to(app: &TestApp, point: Option<Point>) -> Self {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("grafono-wire-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let passing = Mutex::new(Passing { point, ..Passing::default() });
        let watched = Arc::new(Watched { passing, stopped: Notify::new(), open: watch::channel(0).0 });
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let server = server_of(&app.database.url("postgres"));
        tokio::spawn(postgres::carry(listener, server, Arc::clone(&watched)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = app.payments.clone();
        tokio::spawn(provider::carry(listener, sandbox.clone(), Arc::clone(&watched)));
        Self { folder, database: app.database.name().to_owned(), provider, sandbox, watched }
    }

    /// The database's address through this wire, under a role.
    pub fn database_url(&self, role: &str) -> String {
        format!("postgresql:///{}?host={}&user={role}&sslmode=disable", self.database, self.folder.display())
    }

    /// The provider's address through this wire.
    pub fn provider_url(&self) -> &str {
        &self.provider
    }

    /// What has passed.
    pub fn recorded(&self) -> Recorded {
        self.watched.passing().recorded.clone()
    }

    /// Whether the point was reached.
    pub fn is_stopped(&self) -> bool {
        self.watched.passing().is_stopped
    }

    /// Calls a function that was started over this wire, and kills it: where the wire stops, after Postgres has run all that
    /// reached it, or else at its end. Its outcome, if it came so far. Nothing of it is under way in Postgres afterwards.
    pub async fn kill(&self, mut function: Environment, event: &str) -> Option<Outcome> {
        let called = async {
            function.ready().await;
            function.invoke(event, FAR_AWAY).await
        };
        let outcome = tokio::select! {
            outcome = called => Some(outcome),
            () = self.watched.stopped.notified() => None,
        };
        if outcome.is_some() {
            // It may be killed at what it does behind its reply; a wire that stops nowhere waits in vain.
            let _ = tokio::time::timeout(BESIDE, self.watched.stopped.notified()).await;
        }
        function.kill();
        function.ended().await;
        self.watched.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
        outcome
    }

    /// Hands the provider the request that was held back at [`Point::Asked`], as a network may do at any later time.
    pub async fn deliver_late(&self) {
        let late = self.watched.passing().late.take();
        if let Some((head, body)) = late {
            self.sandbox.answer(&head, body).await;
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
