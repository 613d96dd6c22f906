//! Turns query and path parameters, which are all strings, into a [`Tree`].

use std::collections::HashSet;

use serde_json::Number;

use super::MAX_VIOLATIONS;
use super::number::{Spelled, is_number, read};
use super::shape::Shape;
use super::tree::Tree;
use super::violation::{Place, Violation, push_segment};

/// The code for a name given more than once.
pub(super) const REPEATED: &str = "REPEATED_PARAMETER";

/// The known parameters, and the violations of the names.
pub(super) struct Gathered {
    pub(super) tree: Tree,
    pub(super) violations: Vec<Violation>,
}

/// Reads each value by the type in its schema. A value that cannot be read so
/// stays a string, which the search for bad fields refuses by its type.
pub(super) fn gather(place: Place, pairs: &[(String, String)], shape: Shape<'_>) -> Gathered {
    let mut members: Vec<(String, Tree)> = Vec::new();
    let mut violations = Vec::new();
    let mut seen = HashSet::new();
    let properties = shape.properties();
    for (name, value) in pairs {
        if violations.len() >= MAX_VIOLATIONS {
            break;
        }
        let known = properties.iter().find(|(property, _)| *property == name);
        if !seen.insert(name) {
            // An unknown name is reported as unknown only, even when repeated.
            if known.is_some() {
                let message = "must not be given more than once";
                violations.push(about(place, name, REPEATED, message));
            }
        } else if let Some((_, shape)) = known {
            members.push((name.clone(), convert(*shape, value)));
        } else {
            let (code, message) = super::reasons::unknown(Place::Query);
            violations.push(about(place, name, code, &message));
        }
    }
    Gathered { tree: Tree::Object(members), violations }
}

fn about(place: Place, name: &str, code: &'static str, message: &str) -> Violation {
    let mut pointer = String::new();
    push_segment(&mut pointer, name);
    Violation::new(place, pointer, code, message)
}

fn convert(shape: Shape<'_>, value: &str) -> Tree {
    let types = shape.types();
    let read = if types.contains(&"string") {
        None
    } else if types.contains(&"integer") || types.contains(&"number") {
        number(value)
    } else if types.contains(&"boolean") {
        match value {
            "true" => Some(Tree::Bool(true)),
            "false" => Some(Tree::Bool(false)),
            _ => None,
        }
    } else {
        None
    };
    read.unwrap_or_else(|| Tree::Text(value.to_owned()))
}

/// A number as JSON writes it: no plus sign, no leading zeros, no blanks.
fn number(value: &str) -> Option<Tree> {
    let is_bare = value.bytes().all(|byte| !byte.is_ascii_whitespace());
    if !is_bare || !is_number(value) {
        return None;
    }
    match read(value) {
        Spelled::Whole(number) => Some(Tree::Number(number)),
        Spelled::Beyond => value.parse().ok().map(Tree::Large),
        Spelled::Fraction => value.parse().ok().and_then(Number::from_f64).map(Tree::Number),
    }
}
