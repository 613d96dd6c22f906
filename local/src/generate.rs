//! `generate`: the files that are made from the declarations: those that a module must know of the others, the
//! contract, sample events, templates, the table of settings, routes, and what each binary has beside its slice. The files are committed, and a test fails when they drift.

use crate::error::Error;
use crate::{entries, events, modules, settings, template, watch};
use serde_json::{Value, json};
use shared::failure::Problem;
use shared::failure::problem::COMMON;
use shared::http::{Access, Declaration};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each file's path within the repository and its content.
pub fn all() -> Result<Vec<(String, String)>, Error> {
    let documents = [
        ("functions/platform/problems.json", text(&problems())?),
        ("functions/platform/routes.json", text(&routes())?),
        ("functions/platform/consumers.json", text(&consumers())?),
        ("functions/identity/permissions.json", text(&permissions())?),
        ("functions/platform/openapi.json", crate::openapi::text()?),
    ];
    let mut files: Vec<_> = documents.map(|(path, content)| (path.to_owned(), content)).into();
    files.extend(events::all()?);
    files.extend(template::all()?);
    files.extend(entries::all()?);
    files.push(settings::document()?);
    files.push(watch::manifest()?);
    Ok(files)
}

/// Writes all files into the repository this program was built from.
pub fn write_all() -> Result<(), Error> {
    for (path, content) in all()? {
        let path = root().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        std::fs::write(&path, content).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// The repository this program was built from.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn text(value: &Value) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn endpoints() -> Vec<Declaration> {
    modules().into_iter().flat_map(|module| module.endpoints).collect()
}

/// Every problem once, by its code.
fn problems() -> Value {
    let endpoints = endpoints();
    let own = endpoints.iter().flat_map(|endpoint| endpoint.problems.iter().copied());
    let all: BTreeMap<&str, &Problem> =
        COMMON.iter().chain(own).map(|problem| (problem.code, problem)).collect();
    all.values()
        .map(|problem| {
            json!({
                "code": problem.code, "status": problem.status, "title": problem.title, "detail": problem.detail,
            })
        })
        .collect()
}

fn routes() -> Value {
    let endpoints = endpoints();
    let routes = endpoints.iter().map(|endpoint| &endpoint.route).filter(|route| !route.is_catch_all());
    routes.map(|route| json!({ "method": route.method.as_str(), "path": route.template })).collect()
}

/// Every consumer once, with the kinds that it hears.
fn consumers() -> Value {
    let consumers = modules().into_iter().flat_map(|module| module.consumers);
    consumers.map(|consumer| json!({ "consumer": consumer.name, "kinds": consumer.kinds })).collect()
}

/// Every permission once, with the roles that hold it.
fn permissions() -> Value {
    let endpoints = endpoints();
    let all: BTreeMap<&str, Value> = endpoints
        .iter()
        .filter_map(|endpoint| match endpoint.policy.access {
            Access::Requires(permission) => Some((permission.name, json!(permission.roles))),
            Access::Public | Access::SignedIn => None,
        })
        .collect();
    all.iter().map(|(name, roles)| json!({ "name": name, "roles": roles })).collect()
}
