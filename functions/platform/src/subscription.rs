//! Which consumer hears which kinds, by the declarations of all modules.

use serde::Deserialize;
use shared::failure::Fault;
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
    serde_json::from_str(json).ok().filter(|all: &Vec<Subscription>| !all.is_empty())
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
        for json in ["", "[]", "{}", "[{\"consumer\": \"a\"}]", "[{\"consumer\": \"a\", \"kinds\": [7]}]"] {
            assert!(read(json).is_none(), "{json}");
        }
    }
}
