//! The log lines of consumers and workers (F1).

use super::ATTEMPTS;
use crate::failure::Fault;
use crate::outbox::Event;
use crate::telemetry::VERSION;
use std::time::Duration;

/// An event that a consumer has tried to take.
#[derive(Debug)]
pub(crate) struct Consumed<'a> {
    pub(crate) function: &'static str,
    pub(crate) event: &'a Event,
    pub(crate) trace_id: &'a str,
    pub(crate) attempt: i64,
    pub(crate) duration: Duration,
    pub(crate) round_trips: u32,
    pub(crate) fault: Option<&'a Fault>,
}

/// Writes the line of an event: a warning when the event is to be tried again, an error when it was given up.
pub(crate) fn consumed(consumed: &Consumed<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                event = "consumed",
                "eventId" = consumed.event.id.to_string(),
                kind = consumed.event.kind,
                "traceId" = consumed.trace_id,
                "clinicId" = consumed.event.clinic_id.to_string(),
                function = consumed.function,
                version = VERSION,
                attempt = consumed.attempt,
                "durationMs" = u64::try_from(consumed.duration.as_millis()).unwrap_or(u64::MAX),
                "roundTrips" = consumed.round_trips,
                code = consumed.fault.map(|fault| fault.problem.code),
                reason = consumed.fault.and_then(|fault| fault.private.as_deref()),
                $message
            )
        };
    }
    match consumed.fault {
        None => line!(info, "event taken"),
        Some(_) if consumed.attempt >= ATTEMPTS => line!(error, "event given up"),
        Some(_) => line!(warn, "event to be tried again"),
    }
}

/// A worker's run that did something, or failed.
#[derive(Debug)]
pub(crate) struct Worked<'a> {
    pub(crate) function: &'static str,
    pub(crate) done: usize,
    pub(crate) duration: Duration,
    pub(crate) round_trips: u32,
    pub(crate) fault: Option<&'a Fault>,
}

/// Writes the line of a run.
pub(crate) fn worked(worked: &Worked<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                event = "worked",
                function = worked.function,
                version = VERSION,
                done = worked.done,
                "durationMs" = u64::try_from(worked.duration.as_millis()).unwrap_or(u64::MAX),
                "roundTrips" = worked.round_trips,
                reason = worked.fault.and_then(|fault| fault.private.as_deref()),
                $message
            )
        };
    }
    if worked.fault.is_none() {
        line!(info, "work done");
    } else {
        line!(error, "work stopped");
    }
}
