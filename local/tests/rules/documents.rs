//! What the pages say of tests is so: each `suite::test` that a page names is a test there, and each risk of OWASP's list has some.

use grafono::generate::root;
use regex::Regex;
use std::collections::BTreeSet;
use std::fs::read_to_string;

/// A test that a page names.
const NAMED: &str = r"`([a-z0-9_]+(?:/[a-z0-9_]+)+)::([a-z0-9_]+)`";

/// Where the tests of a suite stand, as pages call it.
fn source(suite: &str) -> String {
    let own = ["grafono/", "rules/"].iter().any(|crates| suite.starts_with(crates));
    match suite {
        _ if own => format!("local/tests/{suite}.rs"),
        _ if suite.starts_with("shared/") => format!("{suite}.rs"),
        _ => format!("functions/{suite}.rs"),
    }
}

/// Whether a source has a test of that name.
fn has_test(source: &str, name: &str) -> bool {
    let test = format!(r"#\[(?:tokio::)?test[^\n]*\n(?:\s*#\[[^\n]*\n)*\s*(?:async )?fn {name}\(");
    Regex::new(&test).unwrap().is_match(source)
}

/// The tests that a text names and that are not there.
fn missing(text: &str) -> Vec<String> {
    let named = Regex::new(NAMED).unwrap();
    let all = named.captures_iter(text).map(|found| (found[1].to_owned(), found[2].to_owned()));
    let is_missing = |(suite, name): &(String, String)| {
        !read_to_string(root().join(source(suite))).is_ok_and(|source| has_test(&source, name))
    };
    all.filter(is_missing).map(|(suite, name)| format!("{suite}::{name}")).collect()
}

#[test]
fn every_test_that_a_page_names_is_there() {
    for page in std::fs::read_dir(root().join("docs")).unwrap() {
        let page = page.unwrap().path();
        if page.is_file() {
            assert_eq!(missing(&read_to_string(&page).unwrap()), [""; 0], "{}", page.display());
        }
    }
}

#[test]
fn each_risk_of_the_list_has_a_row_with_tests() {
    let page = read_to_string(root().join("docs/security.md")).unwrap();
    let (risk, named) = (Regex::new(r"^\| \*\*(API[0-9]+)\*\* ").unwrap(), Regex::new(NAMED).unwrap());
    let rows = page
        .lines()
        .filter_map(|line| Some((risk.captures(line)?[1].to_owned(), named.find_iter(line).count())));
    let shown: BTreeSet<String> = rows.filter(|(_, tests)| *tests >= 3).map(|(risk, _)| risk).collect();
    assert_eq!(shown, (1..=10).map(|number| format!("API{number}")).collect());
}

#[test]
fn a_name_of_no_test_is_found() {
    for (named, count) in [
        ("`rules/documents::a_name_of_no_test_is_found`", 0),
        ("`grafono/edge::tags_come_in_two_lines_and_pages_by_whatever_address_people_type`", 0),
        ("`rules/documents::has_test`", 1),
        ("`rules/document::a_name_of_no_test_is_found`", 1),
        ("`identity/tests/api/login::no_such_test`", 1),
        ("`shared::limits` and `rules/documents`", 0),
    ] {
        assert_eq!(missing(named).len(), count, "{named}: {:?}", missing(named));
    }
}
