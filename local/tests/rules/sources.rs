//! The sources as text, for rules about how they are written.

use grafono::generate::root;
use std::path::{Path, PathBuf};

/// A source file.
pub(crate) struct Source {
    /// Within the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Without comments and without what stands behind `#[cfg(test)]`.
    pub(crate) fn code(&self) -> String {
        let production = self.text.split("#[cfg(test)]").next().unwrap_or("");
        let lines = production.lines().map(|line| line.split("//").next().unwrap_or(""));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Every Rust file under a folder of the repository.
pub(crate) fn under(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Every Rust file of `shared` and the modules, tests aside.
pub(crate) fn production() -> Vec<Source> {
    let mut all = under("shared/src");
    for module in grafono::modules() {
        all.extend(under(&format!("functions/{}/src", module.name)));
    }
    all.retain(|source| !source.path.contains("/tests"));
    all
}

/// The folder of each slice: it declares an endpoint.
pub(crate) fn slices() -> Vec<PathBuf> {
    let declares =
        |source: &Source| source.path.ends_with("/mod.rs") && source.text.contains("impl Endpoint for ");
    let found = under("functions").into_iter().filter(declares);
    found.map(|source| root().join(source.path).parent().unwrap().to_owned()).collect()
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            into.push(Source { path, text });
        }
    }
}
