//! The generated files are committed as the declarations make them.

use grafono::{demo, generate};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[test]
fn the_committed_files_are_what_the_declarations_say() {
    for (path, content) in generate::all().unwrap() {
        let committed = std::fs::read_to_string(generate::root().join(&path)).unwrap();
        assert!(committed == content, "{path} has drifted: run `cargo run -- generate` and commit it");
    }
}

#[test]
fn names_and_routes_are_unique_in_the_workspace() {
    let mut names = BTreeMap::new();
    let mut routes = BTreeMap::new();
    for module in grafono::modules() {
        for endpoint in module.endpoints {
            let route = format!("{} {}", endpoint.route.method, endpoint.route.template);
            assert_eq!(names.insert(endpoint.name, module.name), None, "{} twice", endpoint.name);
            assert_eq!(routes.insert(route.clone(), endpoint.name), None, "{route} twice");
        }
    }
}

/// A client, a page and a person read one text for one code (B4), whichever module declares it. Which field it concerns
/// may differ.
#[test]
fn one_code_has_one_status_and_one_text_wherever_it_is_declared() {
    let mut seen = BTreeMap::new();
    let own = grafono::modules()
        .into_iter()
        .flat_map(|module| module.endpoints)
        .flat_map(|endpoint| endpoint.problems);
    for problem in shared::failure::problem::COMMON.iter().chain(own) {
        let text = (problem.status, problem.title, problem.detail);
        let before = seen.insert(problem.code, text);
        assert!(before.is_none_or(|before| before == text), "{}: {before:?} and {text:?}", problem.code);
    }
}

/// As far as the sources say it, declared or not: a handler can make a fault of any problem.
#[test]
fn one_code_has_one_text_wherever_it_is_written() {
    let literal = r#"(\d{3})\s*,?\s*"([A-Z][A-Z0-9_]+)"\s*,\s*"([^"]*)"\s*,\s*"((?:[^"\\]|\\.)*)""#;
    let literal = regex::Regex::new(literal).unwrap();
    let mut seen: BTreeMap<String, (String, PathBuf)> = BTreeMap::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        for found in literal.captures_iter(text.split("\nmod tests {").next().unwrap()) {
            let (_, [status, code, title, detail]) = found.extract();
            let text = format!("{status} {title}: {detail}");
            let before = seen.entry(code.to_owned()).or_insert((text.clone(), path.clone()));
            assert_eq!(before.0, text, "{code} in {} and in {}", before.1.display(), path.display());
        }
    }
    assert!(seen.len() > 60, "the sources were read: {}", seen.len());
}

/// The sources of `shared` and of the modules.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![generate::root().join("shared/src")];
    folders.extend(
        grafono::modules().iter().map(|it| generate::root().join("functions").join(it.name).join("src")),
    );
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_login_that_the_document_shows_works_on_one_machine() {
    let operation = &crate::CONTRACT.document()["paths"]["/api/v1/auth/login"]["post"];
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    assert_eq!(example, &json!({ "email": demo::EMAIL, "password": demo::PASSWORD }));
}
