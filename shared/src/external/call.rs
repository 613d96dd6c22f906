//! One call to somebody else: what it says of itself before it is made, and what may come of it.

use crate::deadline::Deadline;
use std::time::Duration;

/// What a call to somebody else says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ExternalCall<'a> {
    /// Who is called, e.g. `stripe`; one retry budget each. Also the breaker's name unless `target` splits it.
    pub service: &'static str,
    /// What is asked of it, e.g. `create_payment_intent`, for the trace.
    pub operation: &'static str,
    /// Which of many independent ones is called, each with a breaker of its own; an id, nothing personal.
    pub target: Option<&'a str>,
    /// How long one attempt may take.
    pub limit: Duration,
    /// When it is to be over at the latest, repetitions included.
    pub deadline: Deadline,
    /// How often it may be repeated when it fails. Only calls that may run twice may be repeated at all.
    pub repetitions: u32,
}

impl<'a> ExternalCall<'a> {
    /// A call that is made once.
    pub const fn new(
        service: &'static str,
        operation: &'static str,
        limit: Duration,
        deadline: Deadline,
    ) -> Self {
        Self { service, operation, target: None, limit, deadline, repetitions: 0 }
    }

    /// A breaker of its own for this one of many.
    #[must_use]
    pub const fn target(self, target: &'a str) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Made again up to so many times while it fails, as far as the budget allows: for calls that may run twice.
    #[must_use]
    pub const fn repeatable(self, repetitions: u32) -> Self {
        Self { repetitions, ..self }
    }

    /// The name of its breaker.
    pub(super) fn breaker(&self) -> String {
        self.target.map_or_else(|| self.service.to_owned(), |target| format!("{}:{target}", self.service))
    }
}

/// What was answered, as far as it says whether the other side works.
pub trait Outcome {
    /// Whether the other side failed. To be told that one asked wrongly is an answer, and no failure.
    fn is_failure(&self) -> bool;
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    /// It was not asked: it failed too often lately. It may be asked again after this time.
    #[error("it failed too often lately")]
    BreakerOpen(Duration),
    /// It was not asked: there is no time left to wait for an answer.
    #[error("there is no time left")]
    OutOfTime,
    /// It did not answer in time. Whether it did what was asked is not known.
    #[error("it did not answer in time")]
    TimedOut,
    /// The call failed.
    #[error("the call failed: {0}")]
    Failed(E),
}

impl<E> CallError<E> {
    /// Whether it is the other side's failure, and not that it was never asked.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Failed(_))
    }

    /// For the trace: what kind of failure, never its text.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::BreakerOpen(_) => "breaker_open",
            Self::OutOfTime => "out_of_time",
            Self::TimedOut => "timeout",
            Self::Failed(_) => "failed",
        }
    }
}
