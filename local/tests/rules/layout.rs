//! Where things stand and what they may name (A2–A5, G2).

use crate::packages::members;
use crate::sources::{production, slices, under};
use grafono::generate::root;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Folders are business capabilities, never layers (A2).
const LAYERS: [&str; 8] =
    ["controllers", "services", "repositories", "models", "utils", "helpers", "common", "handlers"];

/// A slice's files are its layers; a file that would be empty does not exist.
const FILES: [&str; 6] = ["mod.rs", "handler.rs", "logic.rs", "schema.rs", "db.rs", "main.rs"];

/// What pure decisions cannot know (A3).
const IMPURE: [&str; 16] = [
    "tokio",
    "tokio_postgres",
    "lambda_http",
    "reqwest",
    "redis",
    "aws_",
    "hyper",
    "std::fs",
    "std::net",
    "std::env",
    "SystemTime",
    "Instant",
    "super::db",
    "extern crate",
    "shared as",
    "Timestamp::now",
];

/// What pure decisions may use of `shared`: words, values and rules, and nothing that leads to a request, a transaction or
/// a call (A3).
const PURE: [&str; 7] = [
    "access::Role",
    "background::ATTEMPTS",
    "failure::Problem",
    "http::route::parameters",
    "mail::{Attachment, Language, Letter}",
    "outbox::{Event, SendError, Stream}",
    "validation::",
];

/// Whether pure decisions may use that path of `shared`, or all of its braces.
fn is_pure(path: &str) -> bool {
    PURE.iter().any(|pure| match pure.split_once('{') {
        None => path.starts_with(pure),
        Some((room, names)) => path.strip_prefix(room).is_some_and(|rest| {
            let used = rest.split([';', '(', '<', ')']).next().unwrap_or("").trim_matches(['{', '}']);
            let names: Vec<&str> = names.trim_end_matches('}').split(", ").collect();
            used.split(',')
                .map(|name| name.trim().split("::").next().unwrap_or(""))
                .all(|name| names.contains(&name))
        }),
    })
}

/// Words of the trade, which `shared` must not know (A5). `clinic` is its name for a tenant, after the setting
/// `app.clinic_id`, and the roles are the vocabulary of its tokens.
const NOUNS: [&str; 8] =
    ["patient", "appointment", "practitioner", "receipt", "therap", "diagnos", "invoice", "ledger"];

/// Tests that a slice does not have, and why (G2).
const OMITTED: [(&str, &str, &str); 8] = [
    ("get_receipt", "race", "a receipt never changes once it can be read"),
    ("get_transaction", "race", "a transfer never changes once it can be read"),
    ("get_problem", "race", "it reads a constant"),
    ("get_openapi", "race", "it reads a constant"),
    ("get_docs", "race", "it reads a constant"),
    ("get_docs_script", "race", "it reads a constant"),
    ("fallback", "race", "it reads a constant"),
    ("fallback", "integrity", "it changes and reads nothing that could be violated"),
];

#[test]
fn folders_are_named_after_what_they_do_for_a_clinic_not_after_layers() {
    for source in production() {
        for part in source.path.split('/') {
            assert!(!LAYERS.contains(&part.trim_end_matches(".rs")), "{}", source.path);
        }
    }
}

#[test]
fn a_slice_is_a_folder_with_its_layers_as_files_and_nothing_else() {
    assert!(slices().len() >= 14);
    for slice in slices() {
        for entry in std::fs::read_dir(&slice).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(FILES.contains(&name.as_str()), "{}/{name}", slice.display());
        }
    }
}

#[test]
fn pure_logic_names_no_database_no_network_no_clock_and_has_a_unit_test() {
    let logic: Vec<_> =
        production().into_iter().filter(|source| source.path.ends_with("/logic.rs")).collect();
    assert!(logic.len() >= 5);
    for source in logic {
        for impure in IMPURE {
            assert!(!source.code().contains(impure), "{} names {impure}", source.path);
        }
        for path in source.code().split("shared::").skip(1) {
            assert!(is_pure(path), "{} uses shared::{}", source.path, path.lines().next().unwrap_or(""));
        }
        assert!(source.text.contains("#[test]"), "{} has no unit test (G1)", source.path);
    }
}

#[test]
fn a_request_a_transaction_and_a_call_are_seen_in_pure_logic_however_they_are_imported() {
    for pure in
        ["validation::{Secret, Text};", "mail::Letter;", "mail::{Attachment, Letter};", "outbox::Event) -> X"]
    {
        assert!(is_pure(pure), "{pure}");
    }
    for impure in [
        "http::Call;",
        "http::{Call, route::parameters};",
        "background::Delivery;",
        "database::Statement;",
        "mail::{Letter, MailGateway};",
        "outbox::Queue;",
        "{http::Call, validation::Text};",
    ] {
        assert!(!is_pure(impure), "{impure}");
    }
}

#[test]
fn sql_stands_in_db_files_and_in_what_slices_share_never_in_handlers() {
    for source in production() {
        if ["handler.rs", "schema.rs", "logic.rs"]
            .iter()
            .any(|name| source.path.ends_with(&format!("/{name}")))
        {
            assert!(!source.code().contains("Statement::new("), "{}", source.path);
        }
    }
}

#[test]
fn no_module_depends_on_another() {
    let names: BTreeSet<&str> = grafono::modules().iter().map(|module| module.name).collect();
    let members = members();
    let modules: Vec<_> = members
        .iter()
        .filter(|member| member["name"].as_str().is_some_and(|name| names.contains(name)))
        .collect();
    assert_eq!(modules.len(), names.len());
    for module in modules {
        for dependency in module["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            assert!(!names.contains(other), "{} on {other}", module["name"]);
        }
    }
}

#[test]
fn what_is_shared_knows_nothing_of_the_trade() {
    for source in under("shared/src").into_iter().filter(|source| !source.path.contains("/tests")) {
        // What SQS calls the handle by which a message is deleted is a word of its own.
        let code = source.code().to_lowercase().replace("receipthandle", "");
        for noun in NOUNS {
            assert!(!code.contains(noun), "{} says {noun}", source.path);
        }
    }
}

/// Declared or not: a handler can make a fault of any problem (B4).
#[test]
fn one_code_has_one_text_wherever_it_is_written() {
    let literal = r#"(\d{3})\s*,?\s*"([A-Z][A-Z0-9_]+)"\s*,\s*"([^"]*)"\s*,\s*"((?:[^"\\]|\\.)*)""#;
    let literal = Regex::new(literal).unwrap();
    let mut seen: BTreeMap<String, (String, String)> = BTreeMap::new();
    for source in production() {
        for found in literal.captures_iter(&source.code()) {
            let (_, [status, code, title, detail]) = found.extract();
            let text = format!("{status} {title}: {detail}");
            let (before, place) = seen.entry(code.to_owned()).or_insert((text.clone(), source.path.clone()));
            assert_eq!(*before, text, "{code} in {place} and in {}", source.path);
        }
    }
    assert!(seen.len() > 60, "the sources were read: {}", seen.len());
}

#[test]
fn every_slice_tests_its_race_its_integrity_and_its_boundary_or_says_why_not() {
    let mut unused: Vec<_> = OMITTED.iter().map(|(slice, kind, _)| (*slice, *kind)).collect();
    for slice in slices() {
        let name = slice.file_name().unwrap().to_str().unwrap().to_owned();
        let module = slice.strip_prefix(root().join("functions")).unwrap();
        let module = module.components().next().unwrap().as_os_str().to_str().unwrap();
        let file = root().join(format!("functions/{module}/tests/api/{}.rs", tested_in(&name)));
        let tests = std::fs::read_to_string(file).unwrap_or_default();
        for kind in ["race", "integrity", "boundary"] {
            let before = unused.len();
            unused.retain(|omitted| *omitted != (name.as_str(), kind));
            let omitted = unused.len() < before;
            assert!(omitted || tests.contains(&format!("mod {kind} {{")), "{name} has no {kind} test");
        }
    }
    assert!(unused.is_empty(), "omitted, but there is no such slice: {unused:?}");
}

/// The test file of a slice: its own, or for slices of one page the one of their resource.
fn tested_in(slice: &str) -> &str {
    match slice {
        "get_live" | "get_ready" => "health",
        "get_problem" => "problems",
        "get_openapi" => "openapi",
        "get_job" | "get_job_result" | "cancel_job" => "jobs",
        "export_patient_record" => "export_patient",
        "get_docs" | "get_docs_script" => "docs",
        own => own,
    }
}

#[test]
fn production_files_stay_short_enough_to_be_read() {
    for source in production() {
        let lines = source.production().lines().count();
        assert!(
            lines <= LONGEST_FILE || LONG.contains(&source.path.as_str()),
            "{}: {lines} lines",
            source.path
        );
    }
}

const LONGEST_FILE: usize = 250;

/// Longer ones, each one thing that would not be clearer in two.
const LONG: [&str; 1] = ["shared/src/database/tx.rs"];
