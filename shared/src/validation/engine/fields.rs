//! Finds every bad node of a document at once.

use super::MAX_VIOLATIONS;
use super::misfit::Misfit;
use super::probe::Outcome;
use super::reasons;
use super::shape::Shape;
use super::tree::Tree;
use super::violation::{Place, Reason, Violation, push_segment};

/// The defect of a node, for the repair that lets the rules run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The repair replaces or drops the node at the path.
    Bad,
    /// The schema does not have the node at the path.
    Unknown,
    /// The object at the path lacks this field.
    Missing(String),
}

/// One bad node.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: Vec<usize>,
    pub(super) wrong: Wrong,
    pub(super) violation: Violation,
}

/// Deserialises the target type from a narrowed document.
pub(super) type Probe<'a> = &'a dyn Fn(&[usize], usize) -> Outcome<()>;

pub(super) struct Search<'a> {
    pub(super) place: Place,
    pub(super) tree: &'a Tree,
    pub(super) shape: Shape<'a>,
    pub(super) probe: Probe<'a>,
    pub(super) findings: Vec<Finding>,
}

impl Search<'_> {
    /// All findings in a document that the type refuses.
    pub(super) fn run(mut self) -> Vec<Finding> {
        self.check(&mut Vec::new());
        self.findings
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= MAX_VIOLATIONS
    }

    /// Looks into the node at `path`. A node that reads well lacks no field, so
    /// absent fields are looked for in the others.
    fn check(&mut self, path: &mut Vec<usize>) {
        let is_whole = self.read(path);
        if !is_whole {
            self.missing(path);
        }
    }

    /// Reads the node at `path`; where reading stops, looks into that child and
    /// goes on behind it. So a node is read about as often as it is deep. Whether
    /// the node has no defect.
    fn read(&mut self, path: &mut Vec<usize>) -> bool {
        let count = self.tree.at(path).map_or(0, Tree::len);
        let mut start = 0;
        while !self.is_full() {
            let outcome = (self.probe)(path, start);
            if outcome.good {
                return start == 0;
            }
            let fault = outcome.result.err().unwrap_or(Misfit::Other);
            let Some(index) = outcome.child.filter(|&index| index >= start) else {
                // With children left out, the node's own fault counts for nothing.
                if start == 0 {
                    self.record(path, fault);
                }
                // A node that is bad as a whole misses no fields.
                return start == 0 && !matches!(fault, Misfit::Missing(_));
            };
            path.push(index);
            if outcome.name {
                self.unknown(path);
            } else {
                self.check(path);
            }
            path.pop();
            start = index + 1;
            if outcome.tuple || start >= count {
                break;
            }
        }
        false
    }

    fn record(&mut self, path: &[usize], fault: Misfit) {
        let mut pointer = self.tree.pointer(path);
        let (wrong, (code, message)) = match fault {
            // Serde misses a field that the schema may not name.
            Misfit::Missing(name) => {
                if name.is_empty() {
                    return;
                }
                push_segment(&mut pointer, name);
                (Wrong::Missing(name.to_owned()), reasons::missing())
            }
            other => (Wrong::Bad, self.explain(path, other)),
        };
        self.findings.push(Finding {
            path: path.to_vec(),
            wrong,
            violation: Violation::new(self.place, pointer, code, message),
        });
    }

    fn unknown(&mut self, path: &[usize]) {
        let (code, message) = reasons::unknown(self.place);
        let pointer = self.tree.pointer(path);
        self.findings.push(Finding {
            path: path.to_vec(),
            wrong: Wrong::Unknown,
            violation: Violation::new(self.place, pointer, code, message),
        });
    }

    fn explain(&self, path: &[usize], fault: Misfit) -> Reason {
        let node = self.tree.at(path).unwrap_or(&Tree::Null);
        let (parent, shape) = locate(self.tree, self.shape, path);
        let name = self.tree.name(path);
        let shapes = parent.zip(name).map_or_else(Vec::new, |(parent, name)| parent.alternatives(name));
        let choices: Vec<&str> = match shapes.as_slice() {
            [] => shape.map_or_else(Vec::new, Shape::choices),
            shapes => shapes.iter().flat_map(|shape| shape.choices()).collect(),
        };
        reasons::explain(node, shape, &choices, fault)
    }

    /// Looks for absent fields that the schema names.
    fn missing(&mut self, path: &[usize]) {
        let (_, shape) = locate(self.tree, self.shape, path);
        let (Some(node @ Tree::Object(_)), Some(shape)) = (self.tree.at(path), shape) else {
            return;
        };
        for name in shape.required() {
            if node.member(name).is_none() {
                self.add_missing(path, name);
            }
        }
    }

    fn add_missing(&mut self, path: &[usize], name: &str) {
        let known = self
            .findings
            .iter()
            .any(|finding| finding.path == path && finding.wrong == Wrong::Missing(name.to_owned()));
        if known || self.is_full() {
            return;
        }
        let mut pointer = self.tree.pointer(path);
        push_segment(&mut pointer, name);
        let (code, message) = reasons::missing();
        self.findings.push(Finding {
            path: path.to_vec(),
            wrong: Wrong::Missing(name.to_owned()),
            violation: Violation::new(self.place, pointer, code, message),
        });
    }
}

/// The schema of a node's child.
pub(super) fn child_shape<'s>(node: &Tree, shape: Shape<'s>, index: usize) -> Option<Shape<'s>> {
    match node {
        Tree::Object(members) => shape.property(&members.get(index)?.0),
        Tree::List(_) => shape.item(index),
        _ => None,
    }
}

/// The schemas of the parent of the node at `path` and of the node itself.
pub(super) fn locate<'s>(
    tree: &Tree,
    root: Shape<'s>,
    path: &[usize],
) -> (Option<Shape<'s>>, Option<Shape<'s>>) {
    let mut node = Some(tree);
    let mut parent = None;
    let mut shape = Some(root);
    for &index in path {
        parent = shape;
        shape = node.zip(shape).and_then(|(node, shape)| child_shape(node, shape, index));
        node = node.and_then(|node| node.child(index));
    }
    (parent, shape)
}
