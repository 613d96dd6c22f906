//! The Lambda entry, called by the one line of every endpoint's `main.rs`.
//!
//! Settings, secrets and the first connection are set up during init, before the first event is asked for. Then each
//! event passes the pipeline; the work after a reply is done once Lambda has the reply. At SIGTERM no further event is
//! begun, the event under way is answered, and the connections are closed.

mod after_reply;
mod consume;
mod work;

pub use consume::{consume, consume_with_mail};
pub use work::work;

use crate::access::Argon2id;
use crate::app::{App, Needs, Settings};
use crate::clock::{Clock as _, SystemClock, SystemIds};
use crate::deadline::{Deadline, LONGEST};
use crate::external::SecretsManager;
use crate::http::gateway::GatewayReply;
use crate::http::{Declaration, Endpoint, gateway, pipeline};
use crate::outbox::SqsNudge;
use crate::settings::BadSettings;
use crate::telemetry;
use after_reply::AfterReplies;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn, spawn_graceful_shutdown_handler};
use serde_json::value::RawValue;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The part of Lambda's time for sending the reply and for the work after it.
const MARGIN: Duration = Duration::from_millis(200);

/// The most time of Lambda's ten seconds of init for the first connection.
const CONNECTING: Duration = Duration::from_secs(5);

/// Runs an endpoint as a Lambda function, until Lambda ends the process.
pub fn run<E: Endpoint>() -> ExitCode {
    on_one_thread(E::NAME, serve(Declaration::to_serve::<E>()))
}

/// Runs a function on one thread: an environment serves one event at a time, and most of that time waits for the
/// database. Passwords are hashed on a thread of their own.
fn on_one_thread(
    name: &'static str,
    function: impl Future<Output = Result<(), lambda_runtime::Error>>,
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

async fn serve(declaration: Declaration) -> Result<(), lambda_runtime::Error> {
    telemetry::start(&variable, declaration.name)?;
    let needs = declaration.policy.needs();
    let settings = Settings::load(&variable, SecretsManager::open, needs).await?;
    let app = app(settings, needs)?;
    if needs.database {
        connect(&app, CONNECTING).await;
    }
    let after = AfterReplies::default();
    let function = Arc::new(Function { app, declaration, after: after.clone() });
    let stopping = Arc::clone(&function);
    spawn_graceful_shutdown_handler(move || async move {
        stopping.after.drain().await;
        stopping.app.database.close();
        // The driver says goodbye to the server at its next poll.
        tokio::task::yield_now().await;
        telemetry::flush().await;
    })
    .await;
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, lambda_runtime::Error>(function.answer(event).await) }
    });
    Runtime::new(handler).layer(after).run_concurrent().await
}

/// The parts of a function on Lambda.
fn app(settings: Settings, needs: Needs) -> Result<App, BadSettings> {
    let external = needs.external.map(|external| external.open(&settings.external)).transpose()?;
    let app = App::new(settings, Arc::new(SystemClock), Arc::new(SystemIds), Arc::new(Argon2id));
    let app = match external {
        Some(external) => app.with_external(external),
        None => app,
    };
    let nudge = if needs.nudges { SqsNudge::open(&variable)? } else { None };
    Ok(match nudge {
        Some(nudge) => app.with_nudge(nudge),
        None => app,
    })
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
async fn close_at_the_end<T: Send + Sync + 'static>(function: Arc<T>, app: fn(&T) -> &App) {
    spawn_graceful_shutdown_handler(move || async move {
        app(&function).database.close();
        // The driver says goodbye to the server at its next poll.
        tokio::task::yield_now().await;
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "a function's one reading of the environment")]
fn variable(key: &'static str) -> Option<String> {
    std::env::var(key).ok()
}

/// A function: its endpoint, and its parts.
#[derive(Debug)]
struct Function {
    app: App,
    declaration: Declaration,
    after: AfterReplies,
}

impl Function {
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> GatewayReply {
        let (json, context) = event.into_parts();
        let (request, format) = gateway::read(json.get());
        let request = request.or_id(&context.request_id);
        let answered = pipeline::answer(&self.app, &self.declaration, request, time_left(&context)).await;
        self.after.keep(answered.after);
        GatewayReply::of(answered.response, format)
    }
}

/// The time until Lambda's deadline. A deadline in the past counts as none: some emulators send the year 1970.
fn time_left(context: &Context) -> Duration {
    time_left_of(context, LONGEST)
}

/// As [`time_left`], for calls that may take up to `longest`.
fn time_left_of(context: &Context, longest: Duration) -> Duration {
    let now = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or(0);
    match context.deadline.checked_sub(now) {
        None | Some(0) => longest,
        Some(left) => Duration::from_millis(left).saturating_sub(MARGIN).min(longest),
    }
}
