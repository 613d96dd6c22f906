//! Asks a type what it thinks of one node of a document.
//!
//! The trick of the search: to learn whether a node is good, the target type
//! is deserialised from a document that holds only the path to that node. If
//! reading comes back from the node without an error, the node is good, whatever
//! is missing elsewhere: serde's derive complains about absent fields last.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::tree::Tree;
use super::walk::{Mode, Walk, Watch};

/// What one narrowed deserialisation tells.
pub(super) struct Outcome<T> {
    /// The whole value, if everything went well (only of use for a full walk).
    pub(super) result: Result<T, Fault>,
    /// The target node was read to its end without an error.
    pub(super) good: bool,
    /// The target's child in which reading stopped.
    pub(super) child: Option<usize>,
    /// It was that child's name, not its value, that was refused.
    pub(super) name: bool,
    /// The target is a tuple: its children cannot be read one by one.
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

/// Deserialises `T` from `tree` narrowed to the node at `path`, of which the
/// children before `start` are left out.
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
