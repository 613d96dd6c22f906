//! The round trips of one call.

use super::passengers::Takes;
use crate::telemetry;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The round trips of one call (D8): their number, their time, whether one of them changed something, and what the next of
/// them takes along.
#[derive(Debug, Default)]
pub struct RoundTrips {
    flushes: AtomicU32,
    microseconds: AtomicU64,
    wrote: AtomicBool,
    takes: Mutex<Takes>,
}

/// A flush that is under way.
pub(super) struct Flight {
    span: telemetry::Span,
    started: Instant,
}

impl Flight {
    /// Notes its end, with the number of rows that came back and the state of the error, if there was one.
    pub(super) fn end(self, round_trips: &RoundTrips, rows: usize, state: Option<&str>) {
        let took = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        round_trips.microseconds.fetch_add(took, Ordering::Relaxed);
        telemetry::flushed(&self.span, rows, state);
    }
}

impl RoundTrips {
    /// The number of flushes so far.
    pub fn count(&self) -> u32 {
        self.flushes.load(Ordering::Relaxed)
    }

    /// The time of all flushes together.
    pub fn time(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }

    /// Whether a writing transaction was committed.
    pub(crate) fn has_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed)
    }

    /// Counts a flush that goes out now, with the statements of these names.
    pub(super) fn begin(&self, names: impl FnOnce() -> Vec<&'static str>) -> Flight {
        let number = self.flushes.fetch_add(1, Ordering::Relaxed) + 1;
        Flight { span: telemetry::database_flush(number, names), started: Instant::now() }
    }

    /// Notes that a writing transaction was committed.
    pub(super) fn wrote(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    pub(super) fn takes(&self) -> MutexGuard<'_, Takes> {
        self.takes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
