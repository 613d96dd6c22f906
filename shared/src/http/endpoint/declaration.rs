//! An endpoint's declaration as a value, for lists.

use super::{Endpoint, Policy, Sample};
use crate::database::Statement;
use crate::failure::{Failure as _, Fault, Problem};
use crate::http::pipeline::{self, Incoming};
use crate::http::{Answer as _, Input as _, Response, Route, Success};
use schemars::{Schema, SchemaGenerator};
use std::pin::Pin;

type Serving<'a> = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send + 'a>>;

/// An endpoint's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The name of its binary.
    pub name: &'static str,
    /// Its method and path.
    pub route: Route,
    /// What it asks and promises.
    pub policy: Policy,
    /// The problems of its own: its failures and its fields' rules.
    pub problems: Vec<&'static Problem>,
    /// Every statement it may send.
    pub statements: fn(&Sample<'_>) -> Vec<Statement<()>>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What the line leaves out, in `CommonMark`.
    pub description: &'static str,
    /// What it answers when it succeeds, beside the data.
    pub success: Success,
    /// The JSON schema of its path parameters.
    pub path_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of its query parameters.
    pub query_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of its body.
    pub body_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of the data it answers.
    pub data_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schemas of what its problems carry beside the usual members, by their codes.
    pub extension_schemas: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>,
    pub(crate) rules: Vec<&'static Problem>,
    pub(crate) serve: for<'a> fn(Incoming<'a>) -> Serving<'a>,
}

impl Declaration {
    /// The declaration of `E`.
    pub fn of<E: Endpoint>() -> Self {
        Self {
            statements: E::statements,
            path_schema: E::Input::path_schema,
            query_schema: E::Input::query_schema,
            body_schema: E::Input::body_schema,
            data_schema: E::Output::data_schema,
            extension_schemas: E::Failure::extension_schemas,
            ..Self::to_serve::<E>()
        }
    }

    /// The declaration of `E` without what only checks and the contract ask for: nothing leads to the schemas, and the
    /// linker leaves them out of the function.
    pub(crate) fn to_serve<E: Endpoint>() -> Self {
        let rules = E::Input::rules();
        Self {
            name: E::NAME,
            route: E::ROUTE,
            policy: E::POLICY,
            problems: E::Failure::PROBLEMS.iter().chain(rules.iter().copied()).collect(),
            statements: |_| Vec::new(),
            summary: E::SUMMARY,
            description: E::DESCRIPTION,
            success: E::SUCCESS,
            path_schema: |_| None,
            query_schema: |_| None,
            body_schema: |_| None,
            data_schema: |_| None,
            extension_schemas: |_| Vec::new(),
            rules,
            serve: |incoming| Box::pin(pipeline::serve::<E>(incoming)),
        }
    }
}
