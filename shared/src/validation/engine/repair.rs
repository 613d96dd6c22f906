//! Makes a document readable, so that the rules can judge its good parts.

use serde_json::{Number, Value};

use super::fields::{Finding, Wrong, locate};
use super::shape::Shape;
use super::tree::Tree;

/// The depth to which an example is put together from the examples of its fields.
const MAX_LEVELS: usize = 8;

/// Replaces bad and absent required nodes by the schema's examples, and drops
/// the other bad nodes. The findings name the touched nodes, so no verdict on an
/// example reaches the caller.
pub(super) fn repair(tree: &mut Tree, root: Shape<'_>, findings: &[Finding]) {
    let mut drops: Vec<&[usize]> = Vec::new();
    for finding in findings {
        let (parent, shape) = locate(tree, root, &finding.path);
        match &finding.wrong {
            Wrong::Unknown => drops.push(&finding.path),
            Wrong::Missing(name) => {
                let value =
                    shape.and_then(|shape| shape.property(name)).and_then(|shape| example(shape, MAX_LEVELS));
                if let (Some(value), Some(Tree::Object(members))) = (value, tree.at_mut(&finding.path)) {
                    members.push((name.clone(), value));
                }
            }
            Wrong::Bad if is_optional(tree, parent, &finding.path) => drops.push(&finding.path),
            Wrong::Bad => {
                let value = shape.and_then(|shape| example(shape, MAX_LEVELS));
                if let (Some(value), Some(node)) = (value, tree.at_mut(&finding.path)) {
                    *node = value;
                }
            }
        }
    }
    drop_nodes(tree, drops);
}

/// Drops nodes from the back, so that the numbers of the nodes before stay right.
fn drop_nodes(tree: &mut Tree, mut paths: Vec<&[usize]>) {
    paths.sort_unstable();
    for path in paths.into_iter().rev() {
        let Some((&last, parent)) = path.split_last() else {
            continue;
        };
        if let Some(Tree::Object(members)) = tree.at_mut(parent)
            && last < members.len()
        {
            members.remove(last);
        }
    }
}

/// Whether the node may be dropped. A list item may not: the others would change
/// their numbers.
fn is_optional(tree: &Tree, parent: Option<Shape<'_>>, path: &[usize]) -> bool {
    let Some((last, above)) = path.split_last() else {
        return false;
    };
    let Some(Tree::Object(members)) = tree.at(above) else {
        return false;
    };
    let (Some(parent), Some((name, _))) = (parent, members.get(*last)) else {
        return true;
    };
    !parent.required().contains(&name.as_str())
}

/// A value that fits the schema: its example, else a plain value of the type. A
/// plain value may still be refused; then the rules are skipped.
fn example(shape: Shape<'_>, levels: usize) -> Option<Tree> {
    let levels = levels.checked_sub(1)?;
    let given = shape
        .find("examples")
        .and_then(|examples| examples.get(0))
        .or_else(|| shape.keyword("default").filter(|value| !value.is_null()));
    if let Some(value) = given {
        return Some(Tree::from(value));
    }
    if let Some(choice) = shape.choices().first() {
        return Some(Tree::Text((*choice).to_owned()));
    }
    let types = shape.types();
    match types.iter().find(|name| **name != "null").copied()? {
        "string" => Some(Tree::Text(text(shape))),
        "integer" | "number" => {
            let least = shape.find("minimum").and_then(Value::as_number);
            Some(Tree::Number(least.cloned().unwrap_or(Number::from(0))))
        }
        "boolean" => Some(Tree::Bool(false)),
        "array" => Some(Tree::List(Vec::new())),
        "object" => object(shape, levels),
        _ => None,
    }
}

fn text(shape: Shape<'_>) -> String {
    match shape.find("format").and_then(Value::as_str) {
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("date") => "2000-01-01",
        Some("date-time") => "2000-01-01T00:00:00Z",
        Some("email") => "someone@example.com",
        _ => "example",
    }
    .to_owned()
}

fn object(shape: Shape<'_>, levels: usize) -> Option<Tree> {
    let mut members = Vec::new();
    for name in shape.required() {
        let value = example(shape.property(name)?, levels)?;
        members.push((name.to_owned(), value));
    }
    Some(Tree::Object(members))
}
