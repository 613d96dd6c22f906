//! Who hears what: made from the declarations of all modules.

use serde::Deserialize;
use std::sync::LazyLock;

/// A consumer and what it hears, as `consumers.json` has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) consumer: String,
    pub(crate) kinds: Vec<String>,
}

/// All consumers of the program.
pub(crate) static SUBSCRIPTIONS: LazyLock<Vec<Subscription>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../consumers.json")).unwrap_or_default());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_read_and_everybody_in_it_hears_something() {
        assert!(SUBSCRIPTIONS.len() > 1);
        assert!(SUBSCRIPTIONS.iter().all(|it| !it.consumer.is_empty() && !it.kinds.is_empty()));
    }
}
