//! A failure on its way out, and the end of a handler without success.

use super::{Failure, Problem};
use crate::validation::Violation;
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// A failure on its way out: the problem for the client, and a text for the log.
#[derive(Debug)]
pub struct Fault {
    /// The problem that the client reads.
    pub problem: &'static Problem,
    /// The violations of the request, field by field.
    pub violations: Vec<Violation>,
    /// What the client reads in place of the problem's detail, where this occurrence says more than all of them
    /// (RFC 9457 §3.1.4).
    pub detail: Option<Box<str>>,
    /// The text for the log alone, without any value of the request or of a row.
    pub private: Option<String>,
    /// Headers of the reply, e.g. `Allow`, and cookies.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Further members of the problem document.
    pub extension: Map<String, Value>,
}

impl From<&'static Problem> for Fault {
    fn from(problem: &'static Problem) -> Self {
        Self {
            problem,
            violations: Vec::new(),
            detail: None,
            private: None,
            headers: Vec::new(),
            extension: Map::new(),
        }
    }
}

impl Fault {
    /// A request with these violations.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self { violations, ..Self::from(&crate::failure::problem::VALIDATION_FAILED) }
    }

    /// A fault that should not happen; `private` is the text for the log.
    pub fn internal(private: impl Into<String>) -> Self {
        Self::from(&crate::failure::problem::INTERNAL_ERROR).because(private)
    }

    /// The code and the log's text, in one line.
    pub fn log_text(&self) -> String {
        self.private.as_ref().map_or_else(
            || self.problem.code.to_owned(),
            |private| format!("{}: {private}", self.problem.code),
        )
    }

    /// Sets the text for the log.
    #[must_use]
    pub fn because(mut self, private: impl Into<String>) -> Self {
        self.private = Some(private.into());
        self
    }

    /// Says more than the problem's detail; without any value of the request.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets a cookie with the reply.
    #[must_use]
    pub fn with_cookie(mut self, cookie: HeaderValue) -> Self {
        self.headers.push((SET_COOKIE, cookie));
        self
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The end of a handler without success: refused by the slice, or a fault that any slice can meet.
#[derive(Debug)]
pub enum Error<F> {
    /// One of the slice's own failures.
    Refused(F),
    /// A fault common to all slices.
    Fault(Fault),
}

impl<F: Failure> From<F> for Error<F> {
    fn from(failure: F) -> Self {
        Self::Refused(failure)
    }
}

impl<F> From<Fault> for Error<F> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<F: Failure> From<Error<F>> for Fault {
    fn from(error: Error<F>) -> Self {
        match error {
            Error::Fault(fault) => fault,
            Error::Refused(failure) => {
                Self { extension: failure.extension(), ..Self::from(failure.problem()) }
            }
        }
    }
}
