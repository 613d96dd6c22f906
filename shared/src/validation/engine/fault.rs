//! The error type of deserialising from a tree, and how our own types refuse a value.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Display, Write};

use serde::de;

thread_local! {
    /// Set only while a [`Refusal`] is printed, see [`Fault::custom`].
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
        // `try_with` fails only while the thread ends; then nobody asks.
        let _ = PRINTED.try_with(|handle| handle.set(Some(*self)));
        formatter.write_str(self.message)
    }
}

impl Error for Refusal {}

/// Makes the error with which a type refuses a value in its `Deserialize`.
///
/// With `serde_json`'s error this is a plain message. With a tree's error
/// code and message come back exactly. Input cannot forge one: what is carried
/// over is not text but the fact that `Refusal` itself was printed.
#[must_use]
pub fn refuse<E: de::Error>(code: &'static str, message: &'static str) -> E {
    E::custom(Refusal { code, message })
}

/// Why a node did not deserialise. Holds nothing of the input on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// One of our types said no.
    Refused(Refusal),
    /// A required field is absent; the name is the program's own.
    Missing(&'static str),
    /// The field is not in the struct.
    Unknown,
    /// Wrong JSON type.
    Type,
    /// Not one of an enum's variants.
    Choice,
    /// Anything else.
    Other,
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value was refused")
    }
}

impl Error for Fault {}

/// Prints into nothing: only the side effect of printing counts.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        let _ = PRINTED.try_with(|handle| handle.set(None));
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
