//! A module as a value, for lists: its endpoints, consumers and workers.

use crate::background::{ConsumerDeclaration, WorkerDeclaration};
use crate::http::Declaration;

/// A module: its name, which is also its schema and database role, and what it declares.
#[derive(Debug, Clone)]
pub struct Module {
    /// E.g. `billing`.
    pub name: &'static str,
    /// The module's purpose, in one line for callers of the API.
    pub about: &'static str,
    /// The module's endpoints.
    pub endpoints: Vec<Declaration>,
    /// The module's consumers.
    pub consumers: Vec<ConsumerDeclaration>,
    /// The module's workers.
    pub workers: Vec<WorkerDeclaration>,
}
