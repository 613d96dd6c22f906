//! How a request fails: the problems a slice declares, and the faults any slice can meet.
//!
//! | word | what it is |
//! |---|---|
//! | [`Problem`] | one kind of failure as clients know it: status, code and words (RFC 9457); a constant |
//! | [`Failure`] | the enum of one slice's failures; each case is a problem, some are a constraint's name, too |
//! | [`Fault`] | one failure on its way out: its problem, the violations field by field, and a text for the log alone |
//! | [`Error`] | the end of a handler without success: a failure of the slice, or a fault that any slice can meet |
//! | [`Violation`](crate::validation::Violation) | one thing wrong with the input: place, pointer, code and words |
//! | [`Refusal`](crate::validation::Refusal) | a type's refusal of a value on deserialising; becomes a violation |
//! | `Reason` | code and words of a violation before it has a place; within the validation engine alone |
//!
//! A slice's failures are written with [`failures!`](crate::failures), all of them on one screen. The client's message
//! ([`Problem`]) and the log's ([`Fault::private`]) are two different texts.

mod fault;
pub mod problem;

pub use fault::{Error, Fault};

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};
use std::fmt::Debug;

/// One kind of failure, as clients see it (RFC 9457 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The stable and specific code, e.g. `DUPLICATE_PATIENT`; its kebab-case form ends the problem's `type`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The title, the same for every occurrence.
    pub title: &'static str,
    /// What went wrong and what to do about it, in one or two sentences.
    pub detail: &'static str,
    /// The JSON pointer of the body field at fault, for a problem of one field.
    pub pointer: Option<&'static str>,
}

impl Problem {
    /// Declares a problem.
    pub const fn new(status: u16, code: &'static str, title: &'static str, detail: &'static str) -> Self {
        Self { code, status, title, detail, pointer: None }
    }

    /// Sets the field of the body at fault.
    #[must_use]
    pub const fn at(self, pointer: &'static str) -> Self {
        Self { pointer: Some(pointer), ..self }
    }

    /// The code as the last segment of the problem's address: `DUPLICATE_PATIENT` is `duplicate-patient`.
    pub fn slug(&self) -> String {
        self.code.to_ascii_lowercase().replace('_', "-")
    }
}

/// Every way a slice can fail. Written with [`failures!`](crate::failures).
pub trait Failure: Debug + Send + Sized + 'static {
    /// The problems of all cases, for the catalogue and the contract.
    const PROBLEMS: &'static [Problem];

    /// The problem of this case, which the client reads.
    fn problem(&self) -> &'static Problem;

    /// The failure that a violated constraint (or `kernel.ensure` condition) of this name means.
    fn of_constraint(name: &str) -> Option<Self>;

    /// The failure that it means when the statement of this name violates a foreign key (SQLSTATE 23503), whichever it is:
    /// rows refer to what the statement changes, and their tables may be other modules', whose names are not known here.
    fn of_foreign_key(_statement: &str) -> Option<Self> {
        None
    }

    /// Further members of the problem document (RFC 9457 §3.2), e.g. the alternatives to choose from.
    fn extension(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The JSON schemas of objects with the further members, each with the code of its problem.
    fn extension_schemas(_generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        Vec::new()
    }
}

/// Declares a slice's failure enum. A problem that several slices have is a constant, so that its code has one text. A case
/// may be what violated constraints mean, by their names, or what any foreign key means that one statement violates.
///
/// ```
/// use shared::failure::Problem;
///
/// /// There is nothing behind it.
/// const NO_ROOM: Problem = Problem::new(404, "NO_ROOM", "No such room", "Try the next door.");
///
/// shared::failures! {
///     /// How opening a door can fail.
///     pub enum OpenDoorFailure {
///         /// The lock answers to another key.
///         WrongKey = 422 "WRONG_KEY", "Wrong key", "This key does not fit. Try another one.",
///             at "/key", violates ["doors_key_fits"];
///         /// Somebody stands in it.
///         DoorBlocked = 409 "DOOR_BLOCKED", "Door blocked", "Wait until the door is free.";
///         /// It leads nowhere.
///         NoRoom = NO_ROOM, violates ["doors_room_fkey"];
///         /// Somebody has the number in a book.
///         NumberInUse = 422 "NUMBER_IN_USE", "Number in use", "Leave the number as it is.",
///             violates foreign keys by "house.change_number";
///     }
/// }
/// use shared::failure::Failure;
/// let failure = OpenDoorFailure::of_constraint("doors_key_fits").unwrap();
/// assert_eq!((failure.problem().status, failure.problem().pointer), (422, Some("/key")));
/// assert_eq!(OpenDoorFailure::of_constraint("doors_room_fkey").unwrap().problem(), &NO_ROOM);
/// assert!(OpenDoorFailure::of_constraint("doors_pkey").is_none());
/// assert_eq!(OpenDoorFailure::of_foreign_key("house.change_number"), Some(OpenDoorFailure::NumberInUse));
/// assert!(OpenDoorFailure::of_foreign_key("house.open_door").is_none());
/// ```
#[macro_export]
macro_rules! failures {
    (
        $(#[$about:meta])*
        $visibility:vis enum $name:ident {
            $(
                $(#[$case_about:meta])*
                $case:ident = $($status:literal $code:literal, $title:literal, $detail:literal)? $($problem:path)?
                $(, at $pointer:literal)? $(, violates [$($constraint:literal),+])?
                $(, violates foreign keys by $statement:literal)? ;
            )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $( $(#[$case_about])* $case, )*
        }

        impl $crate::failure::Failure for $name {
            const PROBLEMS: &'static [$crate::failure::Problem] =
                &[$(
                    $($crate::failure::Problem::new($status, $code, $title, $detail))? $($problem)? $(.at($pointer))?
                ),*];

            fn problem(&self) -> &'static $crate::failure::Problem {
                match *self {
                    $( Self::$case => {
                        const PROBLEM: &$crate::failure::Problem =
                            &$($crate::failure::Problem::new($status, $code, $title, $detail))? $($problem)?
                                $(.at($pointer))?;
                        PROBLEM
                    } )*
                }
            }

            fn of_constraint(name: &str) -> Option<Self> {
                $( $( $( if name == $constraint { return Some(Self::$case); } )+ )? )*
                let _ = name;
                None
            }

            fn of_foreign_key(statement: &str) -> Option<Self> {
                $( $( if statement == $statement { return Some(Self::$case); } )? )*
                let _ = statement;
                None
            }
        }
    };
}

/// The failures of a slice that has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFailure {}

impl Failure for NoFailure {
    const PROBLEMS: &'static [Problem] = &[];

    fn problem(&self) -> &'static Problem {
        match *self {}
    }

    fn of_constraint(_name: &str) -> Option<Self> {
        None
    }
}
