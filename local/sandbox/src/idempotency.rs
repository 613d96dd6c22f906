//! Idempotency keys, as the provider keeps them: what began to run is answered again, another request under the key is
//! refused, and one that still runs holds the key.

use crate::reply::{Kept, Reply};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How long a key is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A key of one account.
pub(crate) type Key = (Option<String>, String);

/// The keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    entries: BTreeMap<Key, Entry>,
    /// In the order in which they came.
    oldest: VecDeque<(Timestamp, Key)>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: [u8; 32],
    since: Timestamp,
    reply: Option<Reply>,
    busy: Option<Duration>,
}

/// What is known of a key.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing: the request runs.
    Free,
    /// What was answered to the same request.
    Answered(Reply),
    /// It belongs to another request.
    Other,
    /// Its request still runs.
    InUse,
}

fn has_passed(since: Timestamp, now: Timestamp, duration: SignedDuration) -> bool {
    now.duration_since(since) >= duration
}

impl Keys {
    /// What is known of the key.
    pub(crate) fn find(&self, key: &Key, fingerprint: &[u8; 32], now: Timestamp) -> Found {
        let Some(entry) = self.entries.get(key).filter(|entry| !has_passed(entry.since, now, KEPT)) else {
            return Found::Free;
        };
        let is_busy = entry.busy.is_some_and(|busy| {
            SignedDuration::try_from(busy).is_ok_and(|busy| !has_passed(entry.since, now, busy))
        });
        match &entry.reply {
            _ if is_busy => Found::InUse,
            None => Found::Free,
            Some(_) if entry.fingerprint != *fingerprint => Found::Other,
            Some(reply) => Found::Answered(reply.clone()),
        }
    }

    /// Keeps what is to be kept.
    pub(crate) fn keep(&mut self, key: Key, fingerprint: [u8; 32], now: Timestamp, kept: Kept) {
        while let Some((since, old)) = self.oldest.pop_front_if(|(since, _)| has_passed(*since, now, KEPT)) {
            if self.entries.get(&old).is_some_and(|entry| entry.since == since) {
                self.entries.remove(&old);
            }
        }
        if kept.reply.is_some() || kept.busy.is_some() {
            let entry = Entry { fingerprint, since: now, reply: kept.reply, busy: kept.busy };
            self.oldest.push_back((now, key.clone()));
            self.entries.insert(key, entry);
        }
    }

    /// The request that took the key at `since` runs no longer.
    pub(crate) fn release(&mut self, key: &Key, since: Timestamp) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.since == since) {
            entry.busy = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn key() -> Key {
        (None, "key".to_owned())
    }

    fn answered() -> Kept {
        Kept { reply: Some(Reply::ok(&json!({}))), busy: None }
    }

    #[test]
    fn a_key_is_kept_for_a_day_for_its_account_and_its_request() {
        let mut keys = Keys::default();
        assert!(matches!(keys.find(&key(), &[0; 32], at(0)), Found::Free));
        keys.keep(key(), [0; 32], at(0), answered());
        let last = 24 * 3600 - 1;
        assert!(matches!(keys.find(&key(), &[0; 32], at(last)), Found::Answered(_)));
        assert!(matches!(keys.find(&key(), &[1; 32], at(last)), Found::Other));
        let elsewhere = (Some("acct_1".to_owned()), "key".to_owned());
        assert!(matches!(keys.find(&elsewhere, &[0; 32], at(last)), Found::Free));
        assert!(matches!(keys.find(&key(), &[0; 32], at(last + 1)), Found::Free));
        keys.keep(elsewhere, [0; 32], at(last + 1), answered());
        assert_eq!(keys.entries.len(), 1, "the old one is gone");
    }

    #[test]
    fn a_key_in_use_is_free_again_when_its_time_has_passed_or_it_is_released() {
        let mut keys = Keys::default();
        let busy = || Kept { reply: None, busy: Some(Duration::from_secs(30)) };
        keys.keep(key(), [0; 32], at(0), busy());
        assert!(matches!(keys.find(&key(), &[1; 32], at(29)), Found::InUse));
        assert!(matches!(keys.find(&key(), &[1; 32], at(30)), Found::Free));
        keys.release(&key(), at(1));
        assert!(matches!(keys.find(&key(), &[0; 32], at(0)), Found::InUse), "another one has it");
        keys.release(&key(), at(0));
        assert!(matches!(keys.find(&key(), &[0; 32], at(0)), Found::Free));
    }

    #[test]
    fn what_is_not_to_be_kept_leaves_the_key_free() {
        let mut keys = Keys::default();
        keys.keep(key(), [0; 32], at(0), Kept::default());
        assert!(matches!(keys.find(&key(), &[1; 32], at(0)), Found::Free));
    }
}
