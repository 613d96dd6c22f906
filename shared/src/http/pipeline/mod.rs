//! A request's way, in one order. The Lambda entry and the local server call [`answer`]. Whatever happens, the caller
//! gets a reply of ours, and the environment lives on.
//!
//! For any request, in this file:
//!
//! 1. A [`Request`] (an event that was read) gets a request id, a trace and the instant that everything written goes
//!    by.
//! 2. A deadline is set; from here on a panic is a 500 and running out of time a 504.
//!
//! For this endpoint, in `steps.rs`, by way of [`OpenEndpoint`], which knows the endpoint's type:
//!
//! 3. Route and method: 404, 405.
//! 4. The media types that the caller accepts: 406.
//! 5. Size, content type and coding of the body: 413, 415.
//! 6. The token: 401.
//! 7. The limit: by whom the token names, else by the address; 429 (C7). In `limited.rs`.
//! 8. The permission: 403.
//! 9. `If-Match` where it is missing: 428. Then `If-Match`, `Idempotency-Key`, path, query and body, with all violations
//!    at once: 400.
//! 10. The handler: one transaction with claim, change, history, outbox, audit and stored reply.
//!
//! For any request again, in this file:
//!
//! 11. A fault becomes its problem document; every reply gets the common headers.
//! 12. After the reply is sent ([`AfterReply`]): the log line with its metrics, the audit rows of whose data it showed,
//!     what the limits' store is still to be told, and the nudge of the relay.

mod conditions;
mod limited;
mod steps;

pub(crate) use steps::serve;
pub use steps::{ACCEPT_PATCH, PATCHES_ACCEPTED};

use super::reads::{Reads, ToNote};
use super::{Declaration, OpenEndpoint, Request, Response, headers, request_line};
use crate::app::App;
use crate::database::RoundTrips;
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::{DEADLINE_EXCEEDED, Document, IDEMPOTENCY_KEY_IN_FLIGHT, OUTCOME_UNKNOWN};
use crate::limits::{CallLimits, LeftOver};
use crate::outbox::RelayNudge;
use crate::telemetry::{Instrument as _, Trace};
use futures_util::FutureExt as _;
use http::header::{RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A request, with everything that the steps need.
#[derive(Debug)]
pub struct Incoming<'a> {
    app: &'a App,
    declaration: &'a Declaration,
    request: &'a Request,
    request_id: &'a str,
    trace: &'a Trace,
    now: Timestamp,
    deadline: Deadline,
    round_trips: &'a RoundTrips,
    seen: &'a request_line::Seen,
    reads: &'a Reads,
    limits: &'a CallLimits<'a>,
}

/// A reply, and the work after it is sent.
#[derive(Debug)]
#[must_use = "a reply is sent, and what comes after it is done"]
pub struct Answered {
    /// The reply.
    pub response: Response,
    /// The work after the reply is sent.
    pub after: AfterReply,
}

impl Answered {
    /// The reply, with the work after it already done, for callers that cannot tell when the reply is sent.
    pub async fn finish(self) -> Response {
        self.after.run().await;
        self.response
    }
}

/// The work after the reply is sent, so that nobody waits for it: the log line with its metrics, the audit rows of what
/// the reply showed of whom, what is still to be counted, and the nudge of the relay.
#[must_use = "without it, nothing is logged"]
pub struct AfterReply {
    finished: request_line::Finished,
    reads: Option<ToNote>,
    uncounted: Option<LeftOver>,
    nudge: Option<Arc<RelayNudge>>,
}

impl std::fmt::Debug for AfterReply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AfterReply")
    }
}

impl AfterReply {
    /// Does the work.
    pub async fn run(self) {
        request_line::log(&self.finished);
        if let Some(reads) = self.reads {
            reads.write().await;
        }
        if let Some(uncounted) = self.uncounted {
            uncounted.tell().await;
        }
        if let Some(nudge) = &self.nudge {
            nudge.nudge().await;
        }
    }
}

/// Answers a request within the time `left`.
pub async fn answer(endpoint: &OpenEndpoint, request: Request, left: Duration) -> Answered {
    let OpenEndpoint { app, declaration, steps } = endpoint;
    let started = Instant::now();
    let deadline = Deadline::within(left);
    let now = app.clock.now();
    let request_id = request.gateway_id.clone().unwrap_or_else(|| app.ids.new_id(now).to_string());
    let traceparent = HeaderName::from_static("traceparent");
    let mut trace = Trace::continue_from(request.header(&traceparent), app.ids.as_ref(), now);
    let span = request_line::span(declaration, &request, &request_id, &mut trace);
    let (round_trips, seen, reads) = (RoundTrips::default(), request_line::Seen::default(), Reads::default());
    let limits = CallLimits::new(&app.limits, &app.database, &round_trips, deadline, now);
    let incoming = Incoming {
        app,
        declaration,
        request: &request,
        request_id: &request_id,
        trace: &trace,
        now,
        deadline,
        round_trips: &round_trips,
        seen: &seen,
        reads: &reads,
        limits: &limits,
    };
    let served = within(deadline, declaration.policy.writes(), steps.serve(incoming));
    let outcome = served.instrument(span.clone()).await.map_err(|fault| limits.explain(fault));
    let problem = outcome.as_ref().err().map(|fault| fault.problem.code);
    let private = outcome.as_ref().err().and_then(|fault| fault.private.clone());
    let shown = if outcome.is_ok() { reads } else { Reads::default() };
    let reads = ToNote::of(shown, app, seen.principal(), &request_id, now);
    let mut response = outcome.unwrap_or_else(|fault| refuse(&fault, declaration, &request, &request_id));
    limits.show_in(&mut response.headers);
    let uncounted = limits.left_over(&app.limits, &app.database);
    headers::complete(
        &mut response,
        &declaration.success,
        &request,
        &request_id,
        &trace,
        &app.allowed_origins,
    );
    let finished = request_line::Finished {
        function: declaration.name,
        route: declaration.route.template,
        method: request.method,
        request_id,
        trace_id: trace.trace_id,
        seen,
        status: response.status,
        duration: started.elapsed(),
        round_trips: round_trips.count(),
        database_time: round_trips.time(),
        cold_start: app.is_cold(),
        private,
    };
    request_line::complete_span(&span, &finished, problem);
    let nudge = round_trips.has_written().then(|| Arc::clone(&app.nudge));
    let after = AfterReply { finished, reads, uncounted, nudge };
    Answered { response, after }
}

/// Runs the steps; a panic becomes a 500, and the end of the time a 504.
async fn within(
    deadline: Deadline,
    writes: bool,
    steps: impl Future<Output = Result<Response, Fault>>,
) -> Result<Response, Fault> {
    let guarded = AssertUnwindSafe(steps).catch_unwind();
    match tokio::time::timeout_at(deadline.less(Duration::from_millis(50)), guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Fault::internal("the handler panicked")),
        Err(_) if writes => Err(Fault::from(&OUTCOME_UNKNOWN).because("the handler was cut off")),
        Err(_) => Err(Fault::from(&DEADLINE_EXCEEDED).because("the handler was cut off")),
    }
}

/// The problem document of a fault (B3).
fn refuse(fault: &Fault, declaration: &Declaration, request: &Request, request_id: &str) -> Response {
    let status = StatusCode::from_u16(fault.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let document = Document::of(fault, &declaration.rules, &request.path, request_id);
    let mut response = Response::with_body(
        status,
        "application/problem+json",
        serde_json::to_vec(&document).unwrap_or_default(),
    );
    let (cookies, headers) = fault.headers.iter().cloned().partition(|(name, _)| *name == SET_COOKIE);
    let cookies: Vec<(HeaderName, HeaderValue)> = cookies;
    response.headers.extend::<Vec<_>>(headers);
    response.cookies.extend(cookies.into_iter().map(|(_, cookie)| cookie));
    if status == StatusCode::UNAUTHORIZED {
        response.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let in_flight = fault.problem.code == IDEMPOTENCY_KEY_IN_FLIGHT.code;
    if matches!(status.as_u16(), 503 | 504) || in_flight {
        // Whoever makes the fault may know how long it lasts.
        response.headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    response
}
