//! The rooms of `shared`: each uses what is below it, and never what is above or beside it, so that no two can grow into
//! one knot. `shared/src/lib.rs` says what is in each.

use crate::sources::{Source, under};
use std::collections::BTreeSet;

/// From the top down. Rooms of one line do not know each other.
const ROOMS: [&[&str]; 11] = [
    &["lambda"],
    &["module"],
    &["background"],
    &["http"],
    &["app"],
    &["mail", "outbox"],
    &["external", "database"],
    &["telemetry"],
    &["tls", "access"],
    &["settings", "failure"],
    &["validation", "clock", "deadline"],
];

/// How far from the top a room is.
fn floor(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

/// The path of a file's module from the root of the crate.
fn module(source: &Source) -> Vec<&str> {
    let path = source.path.trim_start_matches("shared/src/").trim_end_matches(".rs");
    path.split('/').filter(|part| !matches!(*part, "mod" | "lib")).collect()
}

/// The rooms that a file names: behind `crate::`, and behind as many `super::` as lead to the root of the crate. Tests
/// beside the code count as well; comments do not.
fn named(source: &Source) -> BTreeSet<String> {
    let lines = source.text.lines().map(|line| line.split("//").next().unwrap_or(""));
    let code = lines.collect::<Vec<_>>().join("\n");
    let root = "super::".repeat(module(source).len());
    let mut found = BTreeSet::new();
    for up in ["crate::", root.as_str()] {
        for (at, _) in code.match_indices(up).filter(|_| !up.is_empty()) {
            let rest = &code[at + up.len()..];
            for name in first_names(rest) {
                found.extend(floor(name).map(|_| name.to_owned()));
            }
        }
    }
    found
}

/// The first name of a path, or of each path in its braces.
fn first_names(path: &str) -> Vec<&str> {
    let name =
        |text: &'_ str| text.len() - text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let Some(list) = path.strip_prefix('{') else { return vec![&path[..name(path)]] };
    let (mut depth, mut names, mut is_new) = (0, Vec::new(), true);
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_new = true,
            _ if is_new && !letter.is_whitespace() => {
                names.push(&list[at..at + name(&list[at..])]);
                is_new = false;
            }
            _ => {}
        }
    }
    names
}

/// Every arrow from a file to a room that is not below its own.
fn arrows_that_do_not_lead_down(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let Some(own) = module(source).first().copied() else { continue };
        let from = floor(own).unwrap();
        for room in named(source) {
            if room != own && floor(&room).is_some_and(|to| to <= from) {
                wrong.push(format!("{} uses {room}", source.path));
            }
        }
    }
    wrong
}

#[test]
fn a_room_uses_what_is_below_it_and_nothing_above_or_beside_it() {
    let sources = under("shared/src");
    let entered: BTreeSet<&str> =
        sources.iter().filter_map(|source| module(source).first().copied()).collect();
    let listed: BTreeSet<&str> = ROOMS.iter().flat_map(|rooms| rooms.iter().copied()).collect();
    assert_eq!(entered, listed, "every room is listed, and every one that is listed is there");
    let arrows: usize = sources.iter().map(|source| named(source).len()).sum();
    assert!(arrows > 100, "the imports were read");

    let wrong = arrows_that_do_not_lead_down(&sources);

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_import_upwards_or_sideways_is_seen_however_it_is_written() {
    for (path, text) in [
        ("shared/src/telemetry/spans.rs", "use crate::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use super::super::http::Request;"),
        ("shared/src/settings/mod.rs", "use super::app::Needs;"),
        ("shared/src/database/tx.rs", "use crate::{deadline, external};"),
        (
            "shared/src/database/tx.rs",
            "use crate::{\n    failure::{Error, Fault},\n    outbox::{self, Event},\n};",
        ),
        ("shared/src/clock.rs", "fn now() -> crate::settings::Variables<'static> {}"),
        ("shared/src/failure/mod.rs", "macro_rules! m { () => { $crate::http::Reply::ok(()) } }"),
    ] {
        let planted = Source { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(arrows_that_do_not_lead_down(&[planted]).len(), 1, "{path}: {text}");
    }
    let down = Source {
        path: "shared/src/http/reply.rs".to_owned(),
        text: "use crate::failure::Fault; // crate::lambda".to_owned(),
    };
    assert!(arrows_that_do_not_lead_down(&[down]).is_empty());
}
