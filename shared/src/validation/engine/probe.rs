//! Tests one node of a document against a type.
//!
//! The trick of the search: to test a node, the target type is deserialised from
//! a document that holds only the path to that node. If reading comes back from
//! the node without an error, the node is good, whatever is missing elsewhere:
//! serde's derive reports absent fields last.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use super::misfit::Misfit;
use super::tree::Tree;
use super::walk::{Mode, Walk, Watch};

/// The outcome of one narrowed deserialisation.
pub(super) struct Outcome<T> {
    /// The whole value, or the fault (of use for a full walk only).
    pub(super) result: Result<T, Misfit>,
    /// Whether the target node was read to its end without an error.
    pub(super) good: bool,
    /// The target's child in which reading stopped.
    pub(super) child: Option<usize>,
    /// Whether that child's name was refused, not its value.
    pub(super) name: bool,
    /// Whether the target is a tuple, whose children cannot be read one by one.
    pub(super) tuple: bool,
}

impl<T> Outcome<T> {
    pub(super) fn without_value(self) -> Outcome<()> {
        Outcome {
            result: self.result.map(|_| ()),
            good: self.good,
            child: self.child,
            name: self.name,
            tuple: self.tuple,
        }
    }
}

/// Deserialises `T` from `tree` narrowed to the node at `path`, without that
/// node's children before `start`.
pub(super) fn probe<T: DeserializeOwned>(tree: &Tree, path: &[usize], start: usize) -> Outcome<T> {
    let watch = Watch {
        start,
        child: Cell::new(None),
        name: Cell::new(false),
        good: Cell::new(false),
        tuple: Cell::new(false),
    };
    let result = T::deserialize(Walk { tree, mode: Mode::of(path), watch: &watch });
    Outcome {
        good: watch.good.get() || result.is_ok(),
        result,
        child: watch.child.get(),
        name: watch.name.get(),
        tuple: watch.tuple.get(),
    }
}
