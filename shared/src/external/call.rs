//! One call to another service: its declaration, and its errors.

use super::http::HttpError;
use super::pace::Pace;
use crate::deadline::Deadline;
use std::time::Duration;

/// The declaration of a call to another service.
#[derive(Debug, Clone, Copy)]
pub struct ExternalCall<'a> {
    /// The service, e.g. `stripe`, with a retry budget of its own. Also the breaker's name, unless `target` splits it.
    pub service: &'static str,
    /// The operation, e.g. `create_payment_intent`, for the trace.
    pub operation: &'static str,
    /// One of many independent targets, each with a breaker of its own; an id, nothing personal.
    pub target: Option<&'a str>,
    /// The paces that the call keeps to; mostly none.
    pub paces: &'a [Pace<'a>],
    /// The time that one attempt may take.
    pub timeout: Duration,
    /// The deadline of the call, repetitions included.
    pub deadline: Deadline,
    /// The most repetitions of a failing call. Only a call that may run twice has any.
    pub repetitions: u32,
}

impl<'a> ExternalCall<'a> {
    /// A call that is made once.
    pub const fn new(
        service: &'static str,
        operation: &'static str,
        timeout: Duration,
        deadline: Deadline,
    ) -> Self {
        Self { service, operation, target: None, paces: &[], timeout, deadline, repetitions: 0 }
    }

    /// Gives this target a breaker of its own.
    #[must_use]
    pub const fn target(self, target: &'a str) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Has the call keep to these paces.
    #[must_use]
    pub const fn paced(self, paces: &'a [Pace<'a>]) -> Self {
        Self { paces, ..self }
    }

    /// Allows so many repetitions of a failing call, within the budget: for a call that may run twice.
    #[must_use]
    pub const fn repeatable(self, repetitions: u32) -> Self {
        Self { repetitions, ..self }
    }

    /// The name of the call's breaker.
    pub(super) fn breaker(&self) -> String {
        self.target.map_or_else(|| self.service.to_owned(), |target| format!("{}:{target}", self.service))
    }
}

/// An answer, as a sign whether the other side works.
pub trait Outcome {
    /// Whether the other side failed. The refusal of a wrong request is an answer, and no failure.
    fn is_failure(&self) -> bool;
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    /// Not called: the service failed too often lately. It may be called again after this time.
    #[error("it failed too often lately")]
    BreakerOpen(Duration),
    /// Not called: a pace is used up. There may be a call after this time.
    #[error("there were too many calls within a minute")]
    Paced(Duration),
    /// Not called: there is no time left for an answer.
    #[error("there is no time left")]
    OutOfTime,
    /// No answer in time. The service may have done what was asked.
    #[error("it did not answer in time")]
    TimedOut,
    /// The call failed.
    #[error("the call failed: {0}")]
    Failed(E),
}

impl<E> CallError<E> {
    /// Whether the other side failed; an error without a call is none of its failures.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Failed(_))
    }

    /// The time after which there may be a call again, where none was made because there were too many.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::BreakerOpen(wait) | Self::Paced(wait) => Some(*wait),
            Self::OutOfTime | Self::TimedOut | Self::Failed(_) => None,
        }
    }

    /// The kind of failure for the trace, never its text.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::BreakerOpen(_) => "breaker_open",
            Self::Paced(_) => "paced",
            Self::OutOfTime => "out_of_time",
            Self::TimedOut => "timeout",
            Self::Failed(_) => "failed",
        }
    }
}

impl CallError<HttpError> {
    /// Whether the request may have arrived, and been carried out; else nothing was sent. It is said of the last attempt:
    /// whoever must know makes a call without repetitions.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::BreakerOpen(_) | Self::Paced(_) | Self::OutOfTime | Self::Failed(HttpError::NotReached) => {
                false
            }
            Self::TimedOut | Self::Failed(HttpError::Broken | HttpError::TooLong) => true,
        }
    }
}
