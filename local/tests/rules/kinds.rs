//! The kinds of events: what modules say on their front pages, and what can be heard from outside (E4).

use grafono::generate::root;
use regex::Regex;
use std::collections::BTreeSet;

/// Kinds that are nobody's business outside, and why.
const INTERNAL: [(&str, &str); 6] = [
    ("patient.export_requested", "its job tells whoever asked for it"),
    ("account.email_verification_requested", "a mail tells whoever asked for it"),
    ("account.password_reset_requested", "it is of no clinic, and a mail tells whoever asked for it"),
    ("invitation.created", "a mail tells whom it invites"),
    ("session.token_reused", "a mail tells the account whose session it was"),
    ("session.helped_on", "a mail tells the account whose session it is"),
];

#[test]
fn what_modules_announce_can_be_heard_from_outside_unless_it_is_listed_here() {
    let kind = Regex::new("`([a-z_]+[.][a-z_]+)`").unwrap();
    let mut announced = BTreeSet::new();
    for module in grafono::modules() {
        let page = root().join(format!("functions/{}/src/lib.rs", module.name));
        let page = std::fs::read_to_string(page).unwrap();
        let events =
            page.split("//! Events:").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or("");
        announced.extend(kind.captures_iter(events).map(|found| found[1].to_owned()));
    }
    for (kind, _) in INTERNAL {
        assert!(announced.remove(kind), "{kind} is listed, but nobody announces it");
    }
    let heard: BTreeSet<String> = platform::webhooks::KINDS.iter().map(ToString::to_string).collect();
    assert!(heard.len() >= 4);
    assert_eq!(announced, heard);
}
