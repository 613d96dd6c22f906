//! The report on one refused value.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

/// The longest field name echoed in a pointer. Names come from the caller, and an
/// error answer must not grow with them.
const MAX_SEGMENT_CHARS: usize = 64;

/// The part of a request that a violation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProblemPlace")]
pub enum Place {
    /// The JSON body.
    Body,
    /// The query string.
    Query,
    /// A placeholder in the URL's path.
    Path,
    /// A request header.
    Header,
}

/// One reason why a request was refused.
///
/// Nothing of the input is in here but the field names in `pointer`: codes are
/// `&'static str`, and messages are built from the schema and from constants of
/// the program only. So a violation may be logged and sent back as it is.
///
/// The field order makes the derived order `(place, pointer, code)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// Where the value stood.
    pub place: Place,
    /// JSON pointer (RFC 6901); the empty string is the whole document.
    pub pointer: String,
    /// Fixed code for programs.
    pub code: &'static str,
    /// Plain words for people.
    pub message: String,
}

impl Violation {
    /// Makes a violation; `pointer` must be escaped already (see [`push_segment`]).
    #[must_use]
    pub fn new(
        place: Place,
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { place, pointer: pointer.into(), code, message: message.into() }
    }
}

/// Appends `/name` to a JSON pointer.
///
/// Escapes `~` and `/` as RFC 6901 section 3 tells, shortens the name, and
/// replaces characters that could disturb a log or a terminal.
pub fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for character in name.chars().take(MAX_SEGMENT_CHARS) {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other if is_unsafe(other) => pointer.push('\u{FFFD}'),
            other => pointer.push(other),
        }
    }
}

/// Control characters (C0, DEL, C1) and the marks that turn the reading
/// direction: they can hide or fake text on a screen.
pub(in crate::validation) fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A code and a message, before their place is known.
pub(super) type Reason = (&'static str, Cow<'static, str>);

/// Brings violations into their promised form: sorted, without repeats, and
/// never none, because a refusal without a reason would look like a success.
pub(super) fn arrange(place: Place, mut violations: Vec<Violation>) -> Vec<Violation> {
    if violations.is_empty() {
        violations.push(Violation::new(place, "", "INVALID_VALUE", "is not valid"));
    }
    violations.sort();
    violations.dedup();
    violations.truncate(super::MAX_VIOLATIONS);
    violations
}
