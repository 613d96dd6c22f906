//! The table of `permissions.txt`, which is written by hand.

use std::collections::BTreeMap;

/// What the table says of an endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Whether it answers nobody and each role, in the order of the head.
    pub(crate) allowed: Vec<bool>,
    /// Whether it asks for a confirmed address.
    pub(crate) confirmed: bool,
    /// The action and the subject of what the audit log notes of each success.
    pub(crate) audited: Option<(&'static str, &'static str)>,
}

const TABLE: &str = include_str!("permissions.txt");

fn is_head(line: &&str) -> bool {
    line.trim_start().starts_with("nobody")
}

/// Those whom the columns are about, after nobody.
pub(crate) fn roles() -> Vec<&'static str> {
    TABLE.lines().find(is_head).unwrap().split_whitespace().skip(1).collect()
}

/// The rows by the names of their endpoints.
pub(crate) fn rows() -> BTreeMap<&'static str, Row> {
    let lines = TABLE.lines().skip_while(|line| !is_head(line)).skip(1).filter(|line| !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &'static str) -> (&'static str, Row) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (answers, rest) = words[1..].split_at(roles().len() + 1);
    let allowed = answers.iter().map(|answer| match *answer {
        "yes" => true,
        "no" => false,
        other => unreachable!("{line}: {other}"),
    });
    let confirmed = rest.first() == Some(&"confirmed");
    let audited = match &rest[usize::from(confirmed)..] {
        [] => None,
        [action] => Some((*action, action.split('.').next().unwrap())),
        [action, subject] => Some((*action, subject.trim_matches(['(', ')']))),
        more => unreachable!("{line}: {more:?}"),
    };
    (words[0], Row { allowed: allowed.collect(), confirmed, audited })
}
