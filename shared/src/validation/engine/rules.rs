//! Makes violations of validator's errors.

use std::borrow::Cow;

use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::MAX_VIOLATIONS;
use super::messages;
use super::shape::Shape;
use super::tree::Tree;
use super::violation::{Place, Violation, push_segment};

/// The key under which validator files a struct's own rules.
const WHOLE_STRUCT: &str = "__all__";
/// The key with which validator carries the errors of a list upwards.
const LIST: &str = "_tmp_validator";

/// The place of a set of errors in the document and in its schema.
#[derive(Clone)]
struct Spot<'a> {
    pointer: String,
    shape: Option<Shape<'a>>,
    node: Option<&'a Tree>,
}

pub(super) struct Rules<'a> {
    place: Place,
    /// Pointers of nodes that are not the caller's own.
    replaced: &'a [String],
    violations: Vec<Violation>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(place: Place, replaced: &'a [String]) -> Self {
        Self { place, replaced, violations: Vec::new() }
    }

    pub(super) fn collect(
        mut self,
        errors: &ValidationErrors,
        tree: &'a Tree,
        shape: Shape<'a>,
    ) -> Vec<Violation> {
        let spot = Spot { pointer: String::new(), shape: Some(shape), node: Some(tree) };
        self.object(errors, &spot);
        self.violations
    }

    fn object(&mut self, errors: &ValidationErrors, spot: &Spot<'a>) {
        let mut entries: Vec<_> = errors.errors().iter().collect();
        // In a hash map's order, chance would decide which violations the limit cuts off.
        entries.sort_unstable_by_key(|&(name, _)| name);
        for (name, kind) in entries {
            if self.violations.len() >= MAX_VIOLATIONS {
                return;
            }
            match name.as_ref() {
                WHOLE_STRUCT | LIST => self.kind(kind, spot),
                name => self.kind(kind, &spot.field(name)),
            }
        }
    }

    fn kind(&mut self, kind: &ValidationErrorsKind, spot: &Spot<'a>) {
        match kind {
            ValidationErrorsKind::Field(errors) => {
                for error in errors {
                    self.error(error, spot);
                }
            }
            ValidationErrorsKind::Struct(errors) => self.object(errors, spot),
            ValidationErrorsKind::List(items) => {
                for (index, errors) in items {
                    if self.violations.len() >= MAX_VIOLATIONS {
                        return;
                    }
                    self.object(errors, &spot.item(*index));
                }
            }
        }
    }

    fn error(&mut self, error: &ValidationError, spot: &Spot<'a>) {
        // A struct's rule compares fields, and names the one that is to change, and the one by which it is judged.
        let named = |param: &str| {
            error.params.get(param).and_then(serde_json::Value::as_str).map(|name| spot.field(name))
        };
        let (field, judge) = (named("field"), named("by"));
        let spot = field.as_ref().unwrap_or(spot);
        // Every rule but a length may look into the node.
        let looks_inside = error.code != "length";
        if self.is_tainted(&spot.pointer, looks_inside)
            || judge.is_some_and(|judge| self.is_tainted(&judge.pointer, true))
        {
            return;
        }
        let (code, message) = messages::explain(error, spot.node);
        self.violations.push(Violation::new(self.place, spot.pointer.as_str(), code, message));
    }

    /// Whether the repair put in the node, or a part of it that a rule judged.
    fn is_tainted(&self, pointer: &str, looks_inside: bool) -> bool {
        self.replaced
            .iter()
            .any(|replaced| is_within(pointer, replaced) || (looks_inside && is_within(replaced, pointer)))
    }
}

/// Whether `inner` is `outer` or below it.
pub(super) fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Spot<'_> {
    fn field(&self, rust_name: &str) -> Self {
        let name = json_name(rust_name, self.shape);
        let mut pointer = self.pointer.clone();
        push_segment(&mut pointer, &name);
        Self {
            pointer,
            shape: self.shape.and_then(|shape| shape.property(&name)),
            node: self.node.and_then(|node| node.member(&name)).map(|(_, node)| node),
        }
    }

    fn item(&self, index: usize) -> Self {
        let mut pointer = self.pointer.clone();
        push_segment(&mut pointer, &index.to_string());
        Self {
            pointer,
            shape: self.shape.and_then(|shape| shape.item(index)),
            node: self.node.and_then(|node| node.child(index)),
        }
    }
}

/// The JSON name of a Rust field: camelCase, or the name itself where the schema
/// has only that.
fn json_name<'n>(rust_name: &'n str, shape: Option<Shape<'_>>) -> Cow<'n, str> {
    let plain = rust_name.strip_prefix("r#").unwrap_or(rust_name);
    let camel = camel_case(plain);
    let is_property = |name: &str| shape.is_some_and(|shape| shape.property(name).is_some());
    if !is_property(&camel) && is_property(plain) {
        return Cow::Borrowed(plain);
    }
    Cow::Owned(camel)
}

/// As serde's `rename_all = "camelCase"`: ASCII only, an underscore raises the
/// next letter, the very first letter is lowered.
pub(super) fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut raise = false;
    for character in name.chars() {
        if character == '_' {
            raise = true;
        } else if camel.is_empty() {
            camel.push(character.to_ascii_lowercase());
            raise = false;
        } else if raise {
            camel.push(character.to_ascii_uppercase());
            raise = false;
        } else {
            camel.push(character);
        }
    }
    camel
}
