//! The rooms of `shared`: each uses what is below it, and never what is above or beside it, so that no two can grow into
//! one knot. The table at the head of `shared/src/lib.rs` has their order.

use crate::sources::{Source, under};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// The line of each room in the table, from the top.
fn lines() -> BTreeMap<String, usize> {
    let sources = under("shared/src");
    let lib = sources.iter().find(|source| source.path == "shared/src/lib.rs").unwrap();
    let rows = lib.text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = rows.filter_map(|row| row.split(" | ").next()).filter(|cell| cell.contains('`'));
    let rooms = cells
        .enumerate()
        .flat_map(|(line, cell)| cell.split('`').skip(1).step_by(2).map(move |room| (room.to_owned(), line)));
    rooms.collect()
}

/// The path of a file's module from the root of the crate.
fn module(source: &Source) -> Vec<&str> {
    let path = source.path.trim_start_matches("shared/src/").trim_end_matches(".rs");
    path.split('/').filter(|part| !matches!(*part, "mod" | "lib")).collect()
}

/// The tokens of a file in one row: comments are gone, and what is within brackets stands between them.
fn tokens(text: &str) -> Vec<String> {
    fn flatten(stream: TokenStream, into: &mut Vec<String>) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        proc_macro2::Delimiter::Brace => ("{", "}"),
                        _ => ("(", ")"),
                    };
                    into.push(open.to_owned());
                    flatten(group.stream(), into);
                    into.push(close.to_owned());
                }
                TokenTree::Literal(_) => into.push("\"\"".to_owned()),
                other => into.push(other.to_string()),
            }
        }
    }
    let mut all = Vec::new();
    flatten(text.parse().unwrap(), &mut all);
    all
}

/// The first name of a path, or of each path in its braces.
fn first_names(path: &[String]) -> Vec<&str> {
    if path.first().is_none_or(|token| token != "{") {
        return path.first().map(String::as_str).into_iter().collect();
    }
    let (mut depth, mut names, mut is_new) = (0, Vec::new(), true);
    for token in &path[1..] {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => is_new = true,
            name if is_new => {
                names.push(name);
                is_new = false;
            }
            _ => {}
        }
    }
    names
}

/// The names that a file takes from the root of the crate: behind `crate::`, and behind as many `super::` as lead there
/// from the module of the file or from one within it. Tests beside the code count as well. Another name for the root itself is
/// told as `crate`: nobody could see what stands behind it.
fn named(source: &Source) -> BTreeSet<String> {
    let tokens = tokens(&source.text);
    let mut found = BTreeSet::new();
    // What each open brace is: the body of a module, or anything else.
    let mut braces = Vec::new();
    let mut ups = 0;
    for (at, token) in tokens.iter().enumerate() {
        let follows = |offset: usize| tokens.get(at + offset).map_or("", String::as_str);
        let leads_on = follows(1) == ":" && follows(2) == ":";
        match token.as_str() {
            "{" => braces.push(at > 1 && tokens[at - 2] == "mod"),
            "}" => drop(braces.pop()),
            _ => {}
        }
        let is_root = match token.as_str() {
            "super" => {
                ups += 1;
                let depth = module(source).len() + braces.iter().filter(|is_module| **is_module).count();
                ups >= depth && follows(3) != "super"
            }
            "crate" => {
                let is_visibility = follows(1) == ")";
                if !leads_on && !is_visibility {
                    found.insert("crate".to_owned());
                }
                true
            }
            // The crate by the name that others know it by.
            "shared" if leads_on => true,
            _ => false,
        };
        let is_other_name = token == "super" && is_root && follows(1) == "as";
        let is_hidden =
            (token == "include" && follows(1) == "!") || (token == "path" && at > 1 && tokens[at - 2] == "#");
        if is_other_name || is_hidden {
            found.insert("crate".to_owned());
        }
        if is_root && leads_on {
            found.extend(first_names(&tokens[at + 3..]).into_iter().map(|name| match name {
                "*" | "self" => "crate".to_owned(),
                name => name.to_owned(),
            }));
        }
        if !matches!(token.as_str(), "super" | ":") {
            ups = 0;
        }
    }
    found
}

/// Every arrow from a file to something that is not in a room below its own.
fn arrows_that_do_not_lead_down(sources: &[Source]) -> Vec<String> {
    let lines = lines();
    let mut wrong = Vec::new();
    for source in sources {
        let Some(own) = module(source).first().copied() else { continue };
        for name in named(source).iter().filter(|name| *name != own && *name != "failures") {
            match (lines.get(own), lines.get(name)) {
                (Some(from), Some(to)) if to > from => {}
                (Some(_), Some(_)) => {
                    wrong.push(format!("{}: {name} does not stand below {own}", source.path));
                }
                _ => wrong.push(format!("{}: {name} is no room of shared/src/lib.rs", source.path)),
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
    let lines = lines();
    let listed: BTreeSet<&str> = lines.keys().map(String::as_str).collect();
    assert_eq!(entered, listed, "every room is in the table, and every one in it is there");
    let arrows: usize = sources.iter().map(|source| named(source).len()).sum();
    assert!(arrows > 100, "the paths were read");

    let wrong = arrows_that_do_not_lead_down(&sources);

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_import_upwards_or_sideways_is_seen_however_it_is_written() {
    for (path, text) in [
        ("shared/src/telemetry/spans.rs", "use crate::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use super::super::http::Request;"),
        ("shared/src/telemetry/spans.rs", "mod tests { use super::super::super::http::Request; }"),
        ("shared/src/telemetry/spans.rs", "use crate as root; use root::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use crate::{self as root};"),
        ("shared/src/telemetry/spans.rs", "use crate::*;"),
        ("shared/src/telemetry/spans.rs", "use super::super::*;"),
        ("shared/src/telemetry/spans.rs", "use super::super as root; use root::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use crate::r#http::Request;"),
        ("shared/src/telemetry/spans.rs", "macro_rules! m { ($room:ident) => { crate::$room::Request } }"),
        ("shared/src/telemetry/spans.rs", "include!(\"../http/reply.rs\");"),
        ("shared/src/telemetry/spans.rs", "#[path = \"../http/reply.rs\"] mod reply;"),
        ("shared/src/telemetry/spans.rs", "extern crate self as own;"),
        ("shared/src/telemetry/spans.rs", "use crate :: http\n    :: Request;"),
        ("shared/src/telemetry/spans.rs", "const A: &str = \"//\"; use crate::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use shared::http::Request;"),
        ("shared/src/telemetry/spans.rs", "use crate::not_a_room::Request;"),
        ("shared/src/settings/mod.rs", "use super::app::App;"),
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
    for text in [
        "use crate::failure::Fault; // crate::lambda",
        "/* crate::lambda */ const A: &str = \"crate::lambda\"; pub(crate) struct A;",
        "pub(in crate::http) fn f() { crate::failures!() }",
        "mod tests { use super::*; use super::super::Call; }",
    ] {
        let down = Source { path: "shared/src/http/reply.rs".to_owned(), text: text.to_owned() };
        assert_eq!(arrows_that_do_not_lead_down(&[down]), Vec::<String>::new(), "{text}");
    }
}
