//! A JSON document in memory, addressed by child numbers.

use serde_json::{Number, Value};

use super::violation::push_segment;

/// A JSON value. Unlike in `serde_json::Value`, an object keeps its order and
/// gives its n-th member at once, which keeps the search linear.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    /// A whole number of more than 64 bits, as the float next to it; infinite
    /// where floats do not go as far.
    Large(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The number of children of a list or an object.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Object(members) => members.len(),
            _ => 0,
        }
    }

    pub(super) fn child(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(items) => items.get(index),
            Self::Object(members) => members.get(index).map(|(_, value)| value),
            _ => None,
        }
    }

    fn child_mut(&mut self, index: usize) -> Option<&mut Self> {
        match self {
            Self::List(items) => items.get_mut(index),
            Self::Object(members) => members.get_mut(index).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn at(&self, path: &[usize]) -> Option<&Self> {
        path.iter().try_fold(self, |node, &index| node.child(index))
    }

    pub(super) fn at_mut(&mut self, path: &[usize]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, &index| node.child_mut(index))
    }

    /// The member called `name` and its number.
    pub(super) fn member(&self, name: &str) -> Option<(usize, &Self)> {
        let Self::Object(members) = self else {
            return None;
        };
        let index = members.iter().position(|(key, _)| key == name)?;
        members.get(index).map(|(_, value)| (index, value))
    }

    /// The name under which the node at `path` stands in its object.
    pub(super) fn name(&self, path: &[usize]) -> Option<&str> {
        let (&last, above) = path.split_last()?;
        match self.at(above)? {
            Self::Object(members) => members.get(last).map(|(name, _)| name.as_str()),
            _ => None,
        }
    }

    /// The JSON pointer (RFC 6901) of the node at `path`.
    pub(super) fn pointer(&self, path: &[usize]) -> String {
        let mut pointer = String::new();
        let mut node = Some(self);
        for &index in path {
            match node {
                Some(Self::Object(members)) => {
                    if let Some((name, _)) = members.get(index) {
                        push_segment(&mut pointer, name);
                    }
                }
                _ => push_segment(&mut pointer, &index.to_string()),
            }
            node = node.and_then(|node| node.child(index));
        }
        pointer
    }

    /// The JSON Schema type names that this value satisfies.
    pub(super) fn is_type(&self, name: &str) -> bool {
        match self {
            Self::Null => name == "null",
            Self::Bool(_) => name == "boolean",
            Self::Number(number) => name == "number" || (name == "integer" && !number.is_f64()),
            Self::Large(_) => matches!(name, "number" | "integer"),
            Self::Text(_) => name == "string",
            Self::List(_) => name == "array",
            Self::Object(_) => name == "object",
        }
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
        }
    }
}
