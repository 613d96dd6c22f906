//! Reads input against a schema struct: clean input at once, any other field by field.

mod context;
mod document;
mod fields;
mod messages;
mod misfit;
mod number;
mod probe;
mod reasons;
mod repair;
mod rules;
mod shape;
mod strings;
mod tree;
mod violation;
mod walk;
mod walk_access;

#[cfg(test)]
mod tests;

pub use context::{Context, Surroundings, Validated};
pub use misfit::{Refusal, refuse};
pub(super) use violation::is_unsafe;
pub use violation::{Place, Violation, push_segment};

use fields::{Finding, Search, Wrong, child_shape};
use jiff::Timestamp;
use probe::probe;
use rules::Rules;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use shape::Shape;
use tree::Tree;
use violation::arrange;

/// Deepest nesting of lists and objects; the outermost one is level 1.
pub const MAX_DEPTH: usize = 32;

/// Most violations in one answer.
pub const MAX_VIOLATIONS: usize = 100;

/// Parses a JSON body; rules about time go by `now`.
///
/// # Errors
///
/// All violations found, sorted and without repeats; never empty. A document
/// that cannot be read at all gives one with the code `INVALID_ENCODING`,
/// `MALFORMED_JSON`, `INVALID_NUMBER`, `TOO_DEEP` or `DUPLICATE_KEY`, or
/// `INVALID_TYPE` at the pointer `""`.
pub fn parse_body<T>(bytes: &[u8], now: Timestamp) -> Result<T, Vec<Violation>>
where
    T: DeserializeOwned + JsonSchema + Validated + 'static,
{
    let tree = document::read(bytes).map_err(|violation| vec![violation])?;
    let schema = shape::schema_of::<T>();
    let shape = Shape::root(&schema);
    let mut pointer = Vec::new();
    if is_vast(&tree, Some(shape), &mut pointer) {
        let message = "must be a number that fits into 64 bits";
        return Err(vec![Violation::new(Place::Body, tree.pointer(&pointer), "INVALID_NUMBER", message)]);
    }
    if !matches!(tree, Tree::Object(_)) {
        let message = "must be an object";
        return Err(vec![Violation::new(Place::Body, "", "INVALID_TYPE", message)]);
    }
    judge(Place::Body, tree, shape, Vec::new(), &Surroundings { now, id: None })
}

/// Whether a number in it is too large for anything, and not in the place of an
/// integer, where it is out of range like other large ones. Then `path` leads there.
fn is_vast(node: &Tree, shape: Option<Shape<'_>>, path: &mut Vec<usize>) -> bool {
    if let Tree::Large(value) = node {
        return value.is_infinite() && !shape.is_some_and(|shape| shape.types().contains(&"integer"));
    }
    (0..node.len()).any(|index| {
        path.push(index);
        let inner = shape.and_then(|shape| child_shape(node, shape, index));
        let found = node.child(index).is_some_and(|child| is_vast(child, inner, path));
        if !found {
            path.pop();
        }
        found
    })
}

/// Parses decoded query or path parameters (or chosen headers); rules may go by the surroundings.
///
/// # Errors
///
/// All violations found, sorted and without repeats; never empty.
pub fn parse_strings<T>(
    place: Place,
    pairs: &[(String, String)],
    surroundings: &Surroundings,
) -> Result<T, Vec<Violation>>
where
    T: DeserializeOwned + JsonSchema + Validated + 'static,
{
    let schema = shape::schema_of::<T>();
    let shape = Shape::root(&schema);
    let gathered = strings::gather(place, pairs, shape);
    judge(place, gathered.tree, shape, gathered.violations, surroundings)
}

/// The value of a document, or all of its violations. `given` are earlier ones,
/// each of one member of the document or of none.
fn judge<T>(
    place: Place,
    mut tree: Tree,
    shape: Shape<'_>,
    given: Vec<Violation>,
    surroundings: &Surroundings,
) -> Result<T, Vec<Violation>>
where
    T: DeserializeOwned + Validated,
{
    let first = probe::<T>(&tree, &[], 0).result;
    let findings = match &first {
        Ok(_) => Vec::new(),
        Err(_) => search::<T>(place, &tree, shape),
    };
    let (mut violations, replaced) = merge(given, &findings);
    repair::repair(&mut tree, shape, &findings);
    let repaired = match first {
        Err(_) if !findings.is_empty() => probe::<T>(&tree, &[], 0).result,
        first => first,
    };
    // The rules run only on a repaired document that deserialises; otherwise they
    // wait until the caller has mended the findings.
    if let Ok(value) = repaired {
        match value.validate(surroundings) {
            Ok(()) if violations.is_empty() => return Ok(value),
            Ok(()) => {}
            Err(errors) => {
                let rules = Rules::new(place, &replaced);
                violations.extend(rules.collect(&errors, &tree, shape));
            }
        }
    }
    Err(arrange(place, violations))
}

/// All violations so far, and the pointers of nodes that the repair makes up or
/// that are in doubt: a rule's verdict on these is of no use.
fn merge(given: Vec<Violation>, findings: &[Finding]) -> (Vec<Violation>, Vec<String>) {
    let in_doubt = given.iter().filter(|it| it.code == strings::REPEATED);
    let mut replaced: Vec<String> = in_doubt.map(|it| it.pointer.clone()).collect();
    let mut violations = given;
    for finding in findings {
        let violation = &finding.violation;
        // One reason is enough for a repeated parameter, whose value is in doubt.
        if !replaced.contains(&violation.pointer) {
            violations.push(violation.clone());
        }
        if finding.wrong != Wrong::Unknown {
            replaced.push(violation.pointer.clone());
        }
    }
    (violations, replaced)
}

fn search<T: DeserializeOwned>(place: Place, tree: &Tree, shape: Shape<'_>) -> Vec<Finding> {
    let search = Search {
        place,
        tree,
        shape,
        probe: &|path, start| probe::<T>(tree, path, start).without_value(),
        findings: Vec::new(),
    };
    search.run()
}
