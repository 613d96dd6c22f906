//! What a reply says of its limits (draft-ietf-httpapi-ratelimit-headers-10).

use super::rule::Rule;
use crate::failure::Fault;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::time::Duration;

/// How much is admitted.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of it.
const REMAINING: HeaderName = HeaderName::from_static("ratelimit");

/// The member of a refusal with the names of the rules.
pub const VIOLATED: &str = "violated-policies";

/// What is said of the rules that were asked.
#[derive(Debug, Default)]
pub(super) struct Shown(Vec<Line>);

/// What is said of one rule.
#[derive(Debug)]
struct Line {
    rule: Rule,
    left: Option<u32>,
    refused_for: Option<Duration>,
}

impl Shown {
    /// Says this of a rule from now on: how many are left, as far as is known, and for how long it refuses.
    pub(super) fn note(&mut self, rule: Rule, left: Option<u32>, refused_for: Option<Duration>) {
        self.0.retain(|line| line.rule.name != rule.name);
        self.0.push(Line { rule, left, refused_for });
    }

    /// Whether a rule refuses.
    pub(super) fn is_refused(&self) -> bool {
        self.0.iter().any(|line| line.refused_for.is_some())
    }

    /// Sets the headers of a reply, where rules are so many `times` as wide.
    pub(super) fn show_in(&self, headers: &mut HeaderMap, times: u16) {
        let quota = |rule: Rule| u32::from(rule.count) * u32::from(times);
        let policies = self
            .0
            .iter()
            .map(|Line { rule, .. }| format!("\"{}\";q={};w={}", rule.name, quota(*rule), rule.window));
        let remaining = self.0.iter().filter_map(|line| {
            let left = line.left.filter(|_| line.rule.is_told)?;
            let every = f64::from(line.rule.window) / f64::from(quota(line.rule));
            let again = line.refused_for.unwrap_or_else(|| Duration::from_secs_f64(every));
            Some(format!("\"{}\";r={left};t={}", line.rule.name, whole_seconds(again)))
        });
        let (policies, remaining) = (policies.collect::<Vec<_>>(), remaining.collect::<Vec<_>>());
        for (name, items) in [(POLICY, policies), (REMAINING, remaining)] {
            let value = HeaderValue::try_from(items.join(", ")).ok();
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                headers.insert(name, value);
            }
        }
    }

    /// The refusal with the rules that refuse, and how long to wait.
    pub(super) fn explain(&self, fault: Fault) -> Fault {
        let refusing = self.0.iter().filter_map(|line| line.refused_for.map(|wait| (line.rule.name, wait)));
        let (names, waits): (Vec<_>, Vec<_>) = refusing.unzip();
        let wait = waits.into_iter().max().unwrap_or(Duration::from_secs(1));
        let reason = format!("limit {}", names.join(", "));
        let mut fault =
            fault.because(reason).with_header(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        fault.extension.insert(VIOLATED.to_owned(), json!(names));
        fault
    }
}

/// Seconds to wait, never less than it takes.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::problem::RATE_LIMITED;
    use crate::limits::{ADDRESS, Of};

    const TRIES: Rule = Rule::new("tries", 5, 900, Of::Named).untold();

    fn headers(shown: &Shown, times: u16) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        shown.show_in(&mut headers, times);
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned());
        (text(POLICY), text(REMAINING))
    }

    #[test]
    fn headers_say_what_is_admitted_and_what_is_left_of_it_where_that_is_known_and_told() {
        let mut shown = Shown::default();
        assert_eq!(headers(&shown, 1), (None, None));
        shown.note(TRIES, Some(3), None);
        assert_eq!(headers(&shown, 1), (Some("\"tries\";q=5;w=900".to_owned()), None));
        shown.note(ADDRESS, None, None);
        shown.note(ADDRESS, Some(59), None);
        let policy = "\"tries\";q=5;w=900, \"address\";q=60;w=60".to_owned();
        assert_eq!(headers(&shown, 1), (Some(policy), Some("\"address\";r=59;t=1".to_owned())));
        assert_eq!(headers(&shown, 2).0.unwrap(), "\"tries\";q=10;w=900, \"address\";q=120;w=60");
    }

    #[test]
    fn a_refusal_says_for_how_long_and_by_which_rules_and_never_less_than_it_takes() {
        let mut shown = Shown::default();
        shown.note(ADDRESS, Some(7), None);
        shown.note(TRIES, Some(0), Some(Duration::from_millis(179_001)));
        assert!(shown.is_refused());
        let fault = shown.explain(Fault::from(&RATE_LIMITED));
        assert_eq!(fault.headers, [(RETRY_AFTER, HeaderValue::from(180))]);
        assert_eq!(fault.extension[VIOLATED], json!(["tries"]));
        shown.note(ADDRESS, Some(0), Some(Duration::from_millis(1)));
        assert_eq!(headers(&shown, 1).1.unwrap(), "\"address\";r=0;t=1");
    }
}
