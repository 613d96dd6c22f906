//! The Lambda entry, called by the one line of every endpoint's `main.rs`.
//!
//! Settings, secrets and the first connection are set up during init, before the first event is asked for. Then each
//! event passes the pipeline; the work after a reply is done once Lambda has the reply. At SIGTERM no further event is
//! begun, the event under way is answered, and the connections are closed.

mod after_reply;
mod consume;
mod start;
mod work;

pub use consume::consume;
pub use work::work;

use crate::clock::{Clock as _, SystemClock};
use crate::deadline::LONGEST;
use crate::http::gateway::GatewayReply;
use crate::http::{Declaration, Endpoint, OpenEndpoint, gateway, pipeline};
use crate::parts::OpenStore;
use crate::telemetry;
use after_reply::AfterReplies;
use lambda_runtime::{Context, Error, LambdaEvent, Runtime, service_fn, spawn_graceful_shutdown_handler};
use serde_json::value::RawValue;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The part of Lambda's time for sending the reply and for the work after it.
const MARGIN: Duration = Duration::from_millis(200);

/// Runs an endpoint as a Lambda function, until Lambda ends the process.
pub fn run<E: Endpoint>() -> ExitCode {
    let store = const { start::store::<E::Parts>(E::POLICY.frame()) };
    start::on_one_thread(E::NAME, serve(Declaration::to_serve::<E>(), store))
}

async fn serve(declaration: Declaration, store: Option<OpenStore>) -> Result<(), Error> {
    let (name, frame, requirements) = (declaration.name, declaration.frame, declaration.requirements());
    let open = |app, opening: &_| declaration.open(app, opening);
    let (endpoint, app) = start::start(name, frame, &requirements, store, open).await?;
    let after = AfterReplies::default();
    let function = Arc::new(Function { endpoint, after: after.clone() });
    let stopping = after.clone();
    spawn_graceful_shutdown_handler(move || async move {
        stopping.drain().await;
        start::close(app).await;
        telemetry::flush().await;
    })
    .await;
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { Ok::<_, Error>(function.answer(event).await) }
    });
    Runtime::new(handler).layer(after).run_concurrent().await
}

/// A function: its endpoint, and the work after its replies.
#[derive(Debug)]
struct Function {
    endpoint: OpenEndpoint,
    after: AfterReplies,
}

impl Function {
    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> GatewayReply {
        let (json, context) = event.into_parts();
        let (request, format) = gateway::read(json.get());
        let request = request.or_id(&context.request_id);
        let answered = pipeline::answer(&self.endpoint, request, time_left(&context)).await;
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
