//! An endpoint's declaration as a value, for lists.

use super::opened::{self, Serve};
use super::{Endpoint, OpenEndpoint, Policy};
use crate::app::{App, Frame};
use crate::failure::{Failure as _, Problem};
use crate::http::{Answer as _, Input as _, Route, Success};
use crate::parts::{self, Noted, Opening, Requirements};
use schemars::{Schema, SchemaGenerator};
use std::sync::Arc;

/// An endpoint's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The name of the endpoint's binary.
    pub name: &'static str,
    /// The path of the declaring type, e.g. `billing::ledger::get_balance::GetBalance`.
    pub type_path: &'static str,
    /// The method and path.
    pub route: Route,
    /// The policy.
    pub policy: Policy,
    /// The parts that the frame around the handler uses.
    pub frame: Frame,
    /// The requirements of the parts that the endpoint names.
    pub parts: fn() -> Vec<(&'static str, Requirements)>,
    /// The endpoint's own problems: its failures and its fields' rules.
    pub problems: Vec<&'static Problem>,
    /// The endpoint's task, in one line.
    pub summary: &'static str,
    /// Further details, in `CommonMark`.
    pub description: &'static str,
    /// The success, beside the data.
    pub success: Success,
    /// Whether an empty body is read as one without fields.
    pub body_may_be_empty: bool,
    /// Whether the query is passed over.
    pub ignores_query: bool,
    /// The JSON schema of the path parameters.
    pub path_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of the query parameters.
    pub query_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of the body.
    pub body_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of the data of the answer.
    pub data_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schemas of the members that its problems carry beside the usual ones, by their codes.
    pub extension_schemas: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>,
    pub(crate) rules: Vec<&'static Problem>,
    open: fn(&Opening) -> Result<Arc<dyn Serve>, Noted>,
}

impl Declaration {
    /// The declaration of `E`.
    pub fn of<E: Endpoint>() -> Self {
        Self {
            path_schema: E::Input::path_schema,
            query_schema: E::Input::query_schema,
            body_schema: E::Input::body_schema,
            data_schema: E::Output::data_schema,
            extension_schemas: E::Failure::extension_schemas,
            ..Self::to_serve::<E>()
        }
    }

    /// The declaration of `E` without the parts for checks and the contract: nothing refers to the schemas, and the
    /// linker leaves them out of the function.
    pub(crate) fn to_serve<E: Endpoint>() -> Self {
        let rules = E::Input::rules();
        Self {
            name: E::NAME,
            type_path: std::any::type_name::<E>(),
            route: E::ROUTE,
            policy: E::POLICY,
            frame: const { E::POLICY.frame() },
            parts: parts::requirements::<E::Parts>,
            problems: E::Failure::PROBLEMS.iter().chain(rules.iter().copied()).collect(),
            summary: E::SUMMARY,
            description: E::DESCRIPTION,
            success: E::SUCCESS,
            body_may_be_empty: E::Input::BODY_MAY_BE_EMPTY,
            ignores_query: E::Input::IGNORES_QUERY,
            path_schema: |_| None,
            query_schema: |_| None,
            body_schema: |_| None,
            data_schema: |_| None,
            extension_schemas: |_| Vec::new(),
            rules,
            open: opened::open::<E>,
        }
    }

    /// The requirements of everything that the endpoint's function opens.
    pub fn requirements(&self) -> Vec<(&'static str, Requirements)> {
        let mut all = self.frame.requirements();
        for (name, needed) in (self.parts)() {
            if all.iter().all(|(known, _)| *known != name) {
                all.push((name, needed));
            }
        }
        all
    }

    /// Opens the endpoint's parts, beside what every function has. Where that was not opened, the parts are opened all the
    /// same, so that their bad settings are noted, too.
    pub fn open(self, app: Result<Arc<App>, Noted>, opening: &Opening) -> Result<OpenEndpoint, Noted> {
        let steps = (self.open)(opening)?;
        Ok(OpenEndpoint { app: app?, declaration: self, steps })
    }
}
