//! The table of settings in `docs/operations.md`, made from what the parts of all functions read.

use crate::error::Error;
use crate::generate::root;
use crate::modules;
use crate::template::common_settings;
use shared::parts::Requirements;
use shared::settings::{Given, Need, Setting};
use std::collections::BTreeSet;

const PATH: &str = "docs/operations.md";
const BEGIN: &str = "<!-- settings: made by `cargo run -- generate` from the parts of functions -->\n";
const END: &str = "<!-- settings: end -->\n";

/// More readers than this are not named.
const NAMED: usize = 3;

/// The document with its table: the path within the repository and the content.
pub(crate) fn document() -> Result<(String, String), Error> {
    let path = root().join(PATH);
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let missing = || Error::Marker(PATH);
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((PATH.to_owned(), format!("{before}{BEGIN}\n{}\n{END}{after}", table())))
}

/// A setting with the functions that read it.
struct Row {
    setting: Setting,
    readers: BTreeSet<&'static str>,
}

fn table() -> String {
    let mut rows: Vec<Row> = Vec::new();
    let mut functions = 0;
    for (function, requirements) in all() {
        functions += 1;
        for setting in requirements.iter().flat_map(|(_, needed)| needed.settings) {
            match rows.iter_mut().find(|row| row.setting.key == setting.key) {
                Some(row) => drop(row.readers.insert(function)),
                None => rows.push(Row { setting: *setting, readers: [function].into() }),
            }
        }
    }
    let lines = rows.iter().map(|row| line(&row.setting, &readers(row, functions)));
    let common = common_settings().map(|setting| line(setting, "all functions"));
    let head = ["| key | what | who reads it |".to_owned(), "|---|---|---|".to_owned()];
    head.into_iter().chain(lines).chain(common).map(|line| line + "\n").collect()
}

/// Every function with what its parts need.
fn all() -> Vec<(&'static str, Vec<(&'static str, Requirements)>)> {
    let mut all = Vec::new();
    for module in modules() {
        all.extend(module.endpoints.iter().map(|it| (it.name, it.requirements())));
        all.extend(module.consumers.iter().map(|it| (it.name, it.requirements())));
        all.extend(module.workers.iter().map(|it| (it.name, it.requirements())));
    }
    all
}

fn line(setting: &Setting, readers: &str) -> String {
    let key = match setting.arn_key {
        Some(arn_key) => format!("`{}` or `{arn_key}`", setting.key),
        None => format!("`{}`", setting.key),
    };
    let need = match (setting.need, setting.given) {
        (Need::Optional, Given::Nowhere) => " (not in a deployment)",
        _ => "",
    };
    format!("| {key} | {}{need} | {readers} |", setting.about)
}

fn readers(row: &Row, functions: usize) -> String {
    match row.readers.len() {
        few if few <= NAMED => {
            row.readers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        }
        most if most * 2 > functions => "most functions".to_owned(),
        _ => "some functions".to_owned(),
    }
}
