//! The start of a function on Lambda, within the ten seconds that Lambda gives it: settings, secrets, parts, the first
//! connection to the database.

use crate::access::Argon2id;
use crate::app::{App, Frame};
use crate::clock::{SystemClock, SystemIds};
use crate::deadline::Deadline;
use crate::external::SecretsManager;
use crate::parts::{Noted, OpenStore, Opening, Parts, Requirements};
use crate::telemetry;
use lambda_runtime::{Error, spawn_graceful_shutdown_handler};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The time that a start may take, all together.
const START: Duration = Duration::from_secs(8);

/// The most of it for the first connection.
const CONNECTING: Duration = Duration::from_secs(5);

/// What opens the store of secrets, for a function that has settings to keep there; any other is built without it.
pub(super) const fn store<P: Parts>(frame: Frame) -> Option<OpenStore> {
    if frame.has_database() || P::HAVE_SECRETS { Some(SecretsManager::open) } else { None }
}

/// Runs a function on one thread: an environment serves one event at a time, and most of that time waits for the
/// database. Passwords are hashed on a thread of their own.
pub(super) fn on_one_thread(
    name: &'static str,
    function: impl Future<Output = Result<(), Error>>,
) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(function) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(event = "start", function = name, reason = %error, "the function did not start");
            ExitCode::FAILURE
        }
    }
}

/// Opens a function by its settings, and its first connection.
pub(super) async fn start<T>(
    name: &'static str,
    frame: Frame,
    requirements: &[(&'static str, Requirements)],
    store: Option<OpenStore>,
    open: impl FnOnce(Result<Arc<App>, Noted>, &Opening) -> Result<T, Noted>,
) -> Result<(T, Arc<App>), Error> {
    telemetry::start(&variable, name)?;
    let until = Instant::now() + START;
    let clock = Arc::new(SystemClock);
    let opening = match store {
        Some(store) => Opening::with_secrets(variable, clock, requirements, store).await,
        None => Opening::by_value(variable, clock),
    };
    let app = App::open(&opening, frame, Arc::new(SystemIds), Arc::new(Argon2id::default())).map(Arc::new);
    let function = open(app.clone(), &opening);
    let (function, app) = opening.finish(function.and_then(|function| Ok((function, app?))))?;
    if frame.has_database() {
        connect(&app, CONNECTING.min(until.saturating_duration_since(Instant::now()))).await;
    }
    Ok((function, app))
}

/// Opens the first connection, so that no request waits for it. A failure ends nothing: a database that is away now may
/// be back at the first request.
async fn connect(app: &App, limit: Duration) {
    if let Err(fault) = app.database.open(Deadline::within(limit)).await {
        tracing::warn!(event = "start", reason = fault.private.as_deref(), "no connection at start");
    }
}

/// Closes the connections at SIGTERM. Work that runs then is cut off, and its event comes again: Lambda does not freeze
/// a function in the middle of an event.
pub(super) async fn close_at_the_end(app: Arc<App>) {
    spawn_graceful_shutdown_handler(move || close(app)).await;
}

/// Closes the connections.
pub(super) async fn close(app: Arc<App>) {
    app.database.close();
    // The driver says goodbye to the server at its next poll.
    tokio::task::yield_now().await;
}

#[expect(clippy::disallowed_methods, reason = "a function's one reading of the environment")]
fn variable(key: &'static str) -> Option<String> {
    std::env::var(key).ok()
}
