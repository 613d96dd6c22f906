//! Settings that are given by their value or as a secret of a store, exactly one of the two (C8).

use super::{BadSettings, Need, SecretStore, Setting, SettingError, StoredSecret, Variables};
use crate::validation::Secret;
use futures_util::future::join_all;
use std::sync::Arc;

/// A setting whose text was fetched from the store.
pub(crate) struct Fetched {
    keys: [&'static str; 2],
    pub(crate) secret: StoredSecret,
    value: Option<Secret>,
}

/// All settings that are secrets of the store.
#[derive(Default)]
pub(crate) struct StoredSettings {
    fetched: Vec<Fetched>,
    /// The keys of those that were not asked for, because the store could not be opened.
    unasked: Vec<&'static str>,
}

impl StoredSettings {
    /// Fetches those secrets of `settings` that are given by an ARN, all at once; with the errors of all. The store is
    /// opened only when there is one to fetch.
    pub(crate) async fn fetch(
        variable: &Variables<'_>,
        open: impl FnOnce(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>,
        settings: &[Setting],
    ) -> (Self, Vec<(&'static str, SettingError)>) {
        let mut bad = Vec::new();
        let arns = arns(variable, settings, &mut bad);
        if arns.is_empty() {
            return (Self::default(), bad);
        }
        let store = match open(variable) {
            Ok(store) => store,
            Err(BadSettings(errors)) => {
                bad.extend(errors);
                let unasked = arns.iter().map(|(keys, _)| keys[0]).collect();
                return (Self { fetched: Vec::new(), unasked }, bad);
            }
        };
        let fetched = join_all(arns.into_iter().map(|(keys, arn)| {
            let secret = StoredSecret::new(Arc::clone(&store), arn);
            async move { (keys, secret.fetch().await, secret) }
        }));
        let mut kept = Vec::new();
        for ([key, arn_key], outcome, secret) in fetched.await {
            let value = outcome.map_err(|error| bad.push((arn_key, SettingError::NotFetched(error)))).ok();
            kept.push(Fetched { keys: [key, arn_key], secret, value });
        }
        (Self { fetched: kept, unasked: Vec::new() }, bad)
    }

    /// The value of the setting of that key, if it was fetched.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        Some(self.of(key)?.value.as_ref()?.expose().to_owned())
    }

    /// The setting of that key, if it is a secret of the store.
    pub(crate) fn of(&self, key: &str) -> Option<&Fetched> {
        self.fetched.iter().find(|kept| kept.keys.contains(&key))
    }

    /// Whether the setting of that key has no value because its secret was not fetched, which is reported already.
    pub(crate) fn is_unfetched(&self, key: &str) -> bool {
        self.unasked.contains(&key) || self.of(key).is_some_and(|kept| kept.value.is_none())
    }

    /// The key to name in an error of the setting of `key`: the one that was given.
    pub(crate) fn given_as(&self, key: &'static str) -> &'static str {
        self.of(key).map_or(key, |kept| kept.keys[1])
    }
}

/// The ARNs of the secrets that are given by one.
fn arns(
    variable: &Variables<'_>,
    settings: &[Setting],
    bad: &mut Vec<(&'static str, SettingError)>,
) -> Vec<([&'static str; 2], String)> {
    let given = |key| variable(key).filter(|value| !value.is_empty());
    let mut arns = Vec::new();
    for setting in settings {
        let Some(arn_key) = setting.arn_key else { continue };
        let key = setting.key;
        match (given(key), given(arn_key)) {
            (Some(_), Some(_)) => bad.push((key, SettingError::GivenTwice(arn_key))),
            (None, None) if setting.need == Need::Optional => {}
            (None, None) => bad.push((key, SettingError::NeitherGiven(arn_key))),
            (Some(_), None) => {}
            (None, Some(arn)) => arns.push(([key, arn_key], arn)),
        }
    }
    arns
}
