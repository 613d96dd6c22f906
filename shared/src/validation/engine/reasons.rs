//! Codes and messages for nodes that did not deserialise.
//!
//! Built from the schema alone, never from the value or from serde's text,
//! which quotes the value.

use serde_json::Value;

use super::misfit::Misfit;
use super::shape::Shape;
use super::tree::Tree;
use super::violation::{Place, Reason};

pub(super) fn missing() -> Reason {
    ("REQUIRED", "is required".into())
}

pub(super) fn unknown(place: Place) -> Reason {
    match place {
        Place::Body => ("UNKNOWN_FIELD", "is not a known field".into()),
        _ => ("UNKNOWN_PARAMETER", "is not a known parameter".into()),
    }
}

/// The reason why `node` does not fit. `choices` are the strings of an enum.
pub(super) fn explain(node: &Tree, shape: Option<Shape<'_>>, choices: &[&str], fault: Misfit) -> Reason {
    if let Misfit::Refused(refusal) = fault {
        return (refusal.code, refusal.message.into());
    }
    // The fault comes from inside a value that serde reads in one go, such as a tagged enum.
    if fault == Misfit::Unknown {
        return ("UNKNOWN_FIELD", "has an unknown field".into());
    }
    let Some(shape) = shape else {
        return without_schema(fault);
    };
    if matches!(node, Tree::Null) && !shape.is_nullable() {
        return ("INVALID_TYPE", "must not be null".into());
    }
    if !choices.is_empty() {
        let message = format!("must be one of: {}", choices.join(", "));
        return ("INVALID_CHOICE", message.into());
    }
    let types = shape.types();
    if !types.is_empty() && !types.iter().any(|name| node.is_type(name)) {
        return ("INVALID_TYPE", wrong_type(&types).into());
    }
    match node {
        Tree::Text(_) => format(shape),
        Tree::Number(_) | Tree::Large(_) => ("OUT_OF_RANGE", bounds(shape).into()),
        _ if types.is_empty() => without_schema(fault),
        _ => ("INVALID_VALUE", "is not valid".into()),
    }
}

fn without_schema(fault: Misfit) -> Reason {
    match fault {
        Misfit::Type => ("INVALID_TYPE", "has the wrong type".into()),
        Misfit::Choice => ("INVALID_CHOICE", "is not one of the choices".into()),
        _ => ("INVALID_VALUE", "is not valid".into()),
    }
}

fn wrong_type(types: &[&str]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in types {
        names.push(match *name {
            "integer" => "an integer",
            "number" => "a number",
            "string" => "a string",
            "boolean" => "a boolean",
            "array" => "an array",
            "object" => "an object",
            _ => continue,
        });
    }
    if names.is_empty() {
        return "must be null".to_owned();
    }
    format!("must be {}", names.join(" or "))
}

fn format(shape: Shape<'_>) -> Reason {
    match shape.find("format").and_then(Value::as_str) {
        Some("date") => ("INVALID_DATE", "must be a date written as YYYY-MM-DD".into()),
        Some("date-time") => ("INVALID_DATE_TIME", "must be an instant such as 2026-11-21T10:00:00Z".into()),
        _ => ("INVALID_VALUE", "is not valid".into()),
    }
}

/// The message for a number of the right type that Rust's type cannot hold.
fn bounds(shape: Shape<'_>) -> String {
    let bound = |keyword| shape.find(keyword).map(Value::to_string);
    let fixed = match shape.find("format").and_then(Value::as_str) {
        Some("int32") => Some((i64::from(i32::MIN).into(), i64::from(i32::MAX).into())),
        Some("int64") => Some((i64::MIN.into(), i64::MAX.into())),
        Some("uint32") => Some((0.into(), u32::MAX.into())),
        Some("uint64" | "uint") => Some((0.into(), u64::MAX.into())),
        _ => None,
    };
    let fixed: Option<(Value, Value)> = fixed;
    let (low, high) = fixed.unzip();
    let low = bound("minimum").or_else(|| low.map(|it| it.to_string()));
    let high = bound("maximum").or_else(|| high.map(|it| it.to_string()));
    match (low, high) {
        (Some(low), Some(high)) => format!("must be from {low} to {high}"),
        (Some(low), None) => format!("must be at least {low}"),
        (None, Some(high)) => format!("must be at most {high}"),
        (None, None) => "is out of range".to_owned(),
    }
}
