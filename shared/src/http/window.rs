//! A stretch of time as a query names it: from an instant on, and before another.

use crate::failure::Problem;
use crate::validation::DateTime;
use std::borrow::Cow;
use validator::ValidationError;

/// The problem of [`window`].
pub const WINDOW_EMPTY: Problem = Problem::new(
    400,
    "WINDOW_EMPTY",
    "Nothing between from and to",
    "The window ends before or when it begins. Send a to that is later than from.",
)
.at("/to");

/// The rule of a whole query that its `to` is later than its `from`, where both are there.
///
/// # Errors
///
/// `WINDOW_EMPTY`, at `to`.
pub fn window(from: Option<DateTime>, to: Option<DateTime>) -> Result<(), ValidationError> {
    if from.zip(to).is_none_or(|(from, to)| from < to) {
        return Ok(());
    }
    Err(refused_at("to", &WINDOW_EMPTY, "must be later than from"))
}

/// The refusal of a rule of the whole struct, at one of its fields.
pub fn refused_at(field: &str, problem: &Problem, message: &'static str) -> ValidationError {
    let mut refused = ValidationError::new(problem.code).with_message(Cow::Borrowed(message));
    refused.add_param(Cow::Borrowed("field"), &field);
    refused
}

/// As [`refused_at`], of a rule that judges the field by another one, named as in JSON. Nothing is said where that one is bad
/// itself.
pub fn refused_by(by: &str, field: &str, problem: &Problem, message: &'static str) -> ValidationError {
    let mut refused = refused_at(field, problem, message);
    refused.add_param(Cow::Borrowed("by"), &by);
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_an_instant_or_an_open_end() {
        let at = |text: &str| Some(serde_json::from_value::<DateTime>(text.into()).unwrap());
        let (first, second) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T10:00:00.000001Z"));
        for (from, to) in [(None, None), (first, None), (None, first), (first, second)] {
            assert!(window(from, to).is_ok());
        }
        for (from, to) in [(first, first), (second, first)] {
            assert_eq!(window(from, to).unwrap_err().code, "WINDOW_EMPTY");
        }
    }
}
