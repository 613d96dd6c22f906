//! What bounds the program and what it tells the log, as two committed lists that a person reads: `golden/bounds.txt`
//! has every number and time that a constant or a statement sets, `golden/told.txt` whatever is made for a line of the
//! log. A limit that is wider, a lease that is shorter, or a value that is told where only its kind was, is a line of the
//! diff.

use crate::golden::compare;
use crate::sources::{Source, production, under};
use regex::Regex;
use std::fmt::Write as _;

/// What bounds: constants of a number or a time with their values, and what statements have of them.
const BOUNDS: [&str; 2] = [
    r"\bconst [A-Z][A-Z0-9_]*: (?:\w+::)*(?:Duration|SignedDuration|Rule|f64|[iu](?:8|16|32|64|size)|\[(?:\w+::)*(?:Duration|SignedDuration|Sweep|[iu](?:32|64|size)); ?\w+\])\s*=[^;]*;",
    r"(?m)^.*(?:\binterval '|\bLIMIT \d|\bBETWEEN \d).*$",
];

/// What is told: the macros of the log, what a fault keeps for it, and what spans are given, up to the parenthesis that opens.
const TELLS: &str = r"\btracing::\$?[a-z]+!\(|\.because\(|\bFault::internal\(|\bspan!\(|\.record\(";

/// A text in one line.
fn inline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(", )", ")")
}

/// What stands in the parentheses that open before `at`.
fn enclosed(code: &str, at: usize) -> &str {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (place, letter) in code[at..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' if !in_string => depth += 1,
            ')' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &code[at..at + place];
        }
    }
    &code[at..]
}

fn bounds(code: &str) -> Vec<String> {
    let patterns = BOUNDS.map(|pattern| Regex::new(pattern).unwrap());
    patterns.iter().flat_map(|pattern| pattern.find_iter(code)).map(|it| inline(it.as_str())).collect()
}

/// A text that stands as it is tells nothing of anybody, unless it has a place for a value.
fn told(code: &str) -> Vec<String> {
    let plain = Regex::new(r#"^"[^"{]*"(?:\.to_owned\(\))?$"#).unwrap();
    let tells = Regex::new(TELLS).unwrap();
    let all = tells.find_iter(code).map(|it| {
        let how = it.as_str().trim_start_matches('.');
        (how, inline(enclosed(code, it.end())).trim_end_matches(',').to_owned())
    });
    all.filter(|(_, said)| !plain.is_match(said)).map(|(how, said)| format!("{how}{said})")).collect()
}

/// The list of what is found in each source.
fn listed(sources: &[Source], find: fn(&str) -> Vec<String>) -> String {
    let mut list = String::new();
    for source in sources {
        let found = find(&source.code());
        if !found.is_empty() {
            let _ = writeln!(list, "{}", source.path);
        }
        for line in found {
            let _ = writeln!(list, "  {line}");
        }
    }
    list
}

fn sources() -> Vec<Source> {
    let mut all = [production(), under("local/postgres/src")].concat();
    all.retain(|source| !source.path.contains("/tests"));
    all
}

#[test]
fn what_bounds_the_program_is_what_the_list_says() {
    compare("bounds", &listed(&sources(), bounds));
}

#[test]
fn what_the_log_is_told_is_what_the_list_says() {
    compare("told", &listed(&sources(), told));
}

#[test]
fn a_bound_is_seen_wherever_it_stands() {
    for (planted, found) in [
        ("const LEASE: SignedDuration = SignedDuration::from_secs(5);", 1),
        ("const LOGIN: Rule = Rule::new(\"login\", 5, 900, Of::Named);", 1),
        ("pub(super) const PLACES: usize =\n    64;", 1),
        ("const TABLE: [SignedDuration; 2] = [\n    SignedDuration::from_secs(5),\n];", 1),
        ("THEN t.consumed_at + interval '7 days'", 1),
        ("t.created_at > $3::timestamptz - interval '10 seconds'", 1),
        ("ORDER BY created_at LIMIT 100\"", 1),
        ("const NAME: &str = \"x\";", 0),
        ("LIMIT $4", 0),
    ] {
        assert_eq!(bounds(planted).len(), found, "{planted}: {:?}", bounds(planted));
    }
}

#[test]
fn a_value_that_is_told_is_seen_and_a_plain_text_is_not() {
    let seen = told("tracing::error!(event = \"panic\", reason = panic.text(\")\"), \"a panic\");");
    assert_eq!(seen, ["tracing::error!(event = \"panic\", reason = panic.text(\")\"), \"a panic\")"]);
    assert_eq!(told("refused.because(\n    format!(\"{key}\"),\n)"), ["because(format!(\"{key}\"))"]);
    assert_eq!(told("Fault::internal(\"{key}\")"), ["Fault::internal(\"{key}\")"]);
    assert_eq!(told("tracing::$level!(status)").len() + told("span.record(\"url\", url)").len(), 2);
    assert!(told("Fault::internal(\"no\"); a.because(\"none\");").is_empty());
}
