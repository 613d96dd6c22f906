//! The error type of deserialising from a tree, and the refusals of our own types.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Display, Write};

use serde::de;

thread_local! {
    /// The [`Refusal`] that is being printed, see [`Misfit::custom`].
    static PRINTED: Cell<Option<Refusal>> = const { Cell::new(None) };
}

/// A refusal with its own code and message, both fixed in the program.
///
/// Use it as the error of a `TryFrom` that serde calls (`#[serde(try_from)]`),
/// or call [`refuse`] in a hand-written `Deserialize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Fixed code for programs.
    pub code: &'static str,
    /// Plain words for people.
    pub message: &'static str,
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `try_with` fails only at the end of the thread, when nothing reads the value.
        let _ = PRINTED.try_with(|cell| cell.set(Some(*self)));
        formatter.write_str(self.message)
    }
}

impl Error for Refusal {}

/// Makes the error with which a type refuses a value in its `Deserialize`.
///
/// `serde_json`'s error carries a plain message. A tree's error gives back code
/// and message exactly. Input cannot forge a refusal: the tree's error goes by the
/// printing of `Refusal` itself, not by text.
#[must_use]
pub fn refuse<E: de::Error>(code: &'static str, message: &'static str) -> E {
    E::custom(Refusal { code, message })
}

/// Why a node did not deserialise, without anything of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misfit {
    /// One of our types refused the value.
    Refused(Refusal),
    /// A required field is absent; the name is the program's own.
    Missing(&'static str),
    /// The struct has no such field.
    Unknown,
    /// Wrong JSON type.
    Type,
    /// Not one of an enum's variants.
    Choice,
    /// Any other reason.
    Other,
}

impl Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value was refused")
    }
}

impl Error for Misfit {}

/// A sink: only the side effect of printing counts.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        let _ = PRINTED.try_with(|cell| cell.set(None));
        let _ = write!(Nowhere, "{message}");
        PRINTED.try_with(Cell::take).ok().flatten().map_or(Self::Other, Self::Refused)
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::Type
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::Other
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self::Other
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::Choice
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::Other
    }
}
