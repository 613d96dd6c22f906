//! The generated files are committed as the declarations make them.

use grafono::{demo, generate};
use serde_json::json;
use std::collections::BTreeMap;

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

#[test]
fn the_login_that_the_document_shows_works_on_one_machine() {
    let operation = &crate::CONTRACT.document()["paths"]["/api/v1/auth/login"]["post"];
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    assert_eq!(example, &json!({ "email": demo::EMAIL, "password": demo::PASSWORD, "refreshIn": "body" }));
}
