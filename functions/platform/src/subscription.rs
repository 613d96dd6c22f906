//! Which consumer hears which kinds, by the declarations of all modules.

use serde::Deserialize;
use shared::failure::Fault;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A consumer and its kinds, as `consumers.json` has them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) consumer: String,
    pub(crate) kinds: Vec<String>,
}

static READ: LazyLock<Option<Vec<Subscription>>> = LazyLock::new(|| read(include_str!("../consumers.json")));

/// All consumers of the program. An unreadable list is a fault, never an empty list: with an empty list the relay would
/// mark events as sent that nobody got, and housekeeping would delete them.
pub(crate) fn subscriptions() -> Result<&'static [Subscription], Fault> {
    READ.as_deref().ok_or_else(|| Fault::internal("consumers.json is no list of consumers"))
}

fn read(json: &str) -> Option<Vec<Subscription>> {
    let all: Vec<Subscription> = serde_json::from_str(json).ok()?;
    let names: BTreeSet<&str> = all.iter().map(|it| it.consumer.as_str()).collect();
    let is_whole = |it: &Subscription| {
        !it.consumer.is_empty() && !it.kinds.is_empty() && it.kinds.iter().all(|kind| !kind.is_empty())
    };
    (!all.is_empty() && names.len() == all.len() && all.iter().all(is_whole)).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_read_and_everybody_in_it_hears_something() {
        let all = subscriptions().unwrap();
        assert!(all.len() > 1);
        assert!(all.iter().all(|it| !it.consumer.is_empty() && !it.kinds.is_empty()));
    }

    #[test]
    fn a_broken_or_empty_list_is_no_list() {
        let one = |consumer: &str, kinds: &str| format!(r#"{{"consumer": "{consumer}", "kinds": {kinds}}}"#);
        assert!(read(&format!("[{}]", one("a", r#"["a.b"]"#))).is_some());
        for list in [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            r#"[{"consumer": "a"}]"#.to_owned(),
            format!("[{}]", one("a", "[7]")),
            format!("[{}]", one("a", "[]")),
            format!("[{}]", one("a", r#"[""]"#)),
            format!("[{}]", one("", r#"["a.b"]"#)),
            format!("[{0}, {0}]", one("a", r#"["a.b"]"#)),
        ] {
            assert!(read(&list).is_none(), "{list}");
        }
    }
}
