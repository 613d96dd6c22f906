//! Checks input from outside, and reports all violations at once.
//!
//! A schema struct derives `Deserialize`, `JsonSchema` and `Validate` and is
//! marked `#[serde(rename_all = "camelCase", deny_unknown_fields)]`; its
//! required fields carry a valid `#[schemars(example = ...)]`. [`parse_body`]
//! and [`parse_strings`] turn input into such a struct or into a list of
//! [`Violation`]s that holds nothing of the input but field names.
//!
//! Input becomes a tree, and the struct is deserialised from the tree. Where this
//! fails, each field is deserialised alone, so that every fault is found. Clean and
//! bad input go one way: a quicker way for clean bodies, straight from the bytes,
//! saved nothing that the yardstick could tell. Callers limit the size of the input
//! (64 KiB for most bodies).

mod engine;
mod types;

pub use engine::{
    Context, MAX_DEPTH, MAX_VIOLATIONS, Place, Refusal, Surroundings, Validated, Violation, parse_body,
    parse_strings, push_segment, refuse,
};
pub use types::{
    DateTime, FullDate, Id, MaybeValue, MultilineText, PATTERNS, Password, Patch, Replace, Secret, Text,
    email_parts, without_link,
};
