//! What an instance remembers of its callers: a lease of tokens that were granted ahead, and who has to wait.
//!
//! The store is not asked before each request. A caller of whom nothing bad is known is admitted on credit, and the store is
//! told beside the work; its answer rules the next request. The lease that comes back is as large as what this caller asked of
//! this instance in the last second, so a rare caller takes nothing ahead and a busy one seldom needs the store. Somebody
//! whom the store had refused is asked about before the work, until it has something left.

use crate::database::Taken;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The most callers that are remembered.
const MOST: usize = 10_000;

/// The largest lease.
const LONGEST_LEASE: usize = 16;

/// How long a lease counts, and how long a request is looked back upon, in microseconds.
const LEASE: i64 = 1_000_000;

/// After how long a caller is forgotten, in microseconds.
const FORGOTTEN: i64 = 60_000_000;

/// Whether a request is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// No: there is nothing left for so long.
    Refused(Duration),
    /// Yes, by what was granted ahead.
    Leased,
    /// Yes, and the store is told beside the work.
    OnCredit,
    /// The store says.
    AskFirst,
}

/// What is remembered of one caller. Instants are microseconds since 1970.
#[derive(Debug, Default)]
struct Known {
    recent: VecDeque<i64>,
    lease: u32,
    lease_until: i64,
    /// Until when a lease is asked for already, by a request on its way.
    asking_until: i64,
    blocked_until: i64,
    was_refused: bool,
    left: Option<u32>,
    seen: i64,
    /// Until when the bucket of this instance alone is used up.
    used_until: i64,
}

/// What is remembered of all callers.
#[derive(Debug, Default)]
pub(super) struct Memory(HashMap<String, Known>);

impl Memory {
    /// Whether a request of now is admitted.
    pub(super) fn admit(&mut self, bucket: &str, now: i64) -> Admission {
        let known = self.of(bucket, now);
        known.recent.push_back(now);
        known.recent.retain(|at| *at > now - LEASE);
        while known.recent.len() > LONGEST_LEASE + 1 {
            known.recent.pop_front();
        }
        if known.lease > 0 && known.lease_until > now {
            known.lease -= 1;
            known.left = known.left.map(|left| left.saturating_sub(1));
            return Admission::Leased;
        }
        if known.blocked_until > now {
            let wait = u64::try_from(known.blocked_until - now).unwrap_or_default();
            return Admission::Refused(Duration::from_micros(wait));
        }
        if known.was_refused {
            return Admission::AskFirst;
        }
        known.left = known.left.map(|left| left.saturating_sub(1));
        Admission::OnCredit
    }

    /// How many tokens to ask for ahead: as many as this caller has asked of this instance in the last second, beside this
    /// one; of a small burst a twentieth. Of requests at once one asks for all.
    pub(super) fn ahead(&mut self, bucket: &str, burst: i32, now: i64) -> i32 {
        let known = self.of(bucket, now);
        if known.asking_until > now {
            return 0;
        }
        let recent = known.recent.len().saturating_sub(1).min(LONGEST_LEASE);
        let ahead = i32::try_from(recent).unwrap_or_default().min(burst / 20);
        if ahead > 0 {
            known.asking_until = now + LEASE;
        }
        ahead
    }

    /// Remembers what the store said.
    pub(super) fn learn(&mut self, bucket: &str, taken: Taken, now: i64) {
        let known = self.of(bucket, now);
        let rest = if known.lease_until > now { known.lease } else { 0 };
        (known.lease, known.lease_until) = (rest + taken.granted, now + LEASE);
        known.asking_until = 0;
        known.left = Some(taken.remaining + known.lease);
        known.was_refused = !taken.wait.is_zero();
        known.blocked_until = if known.was_refused { now + microseconds(taken.wait) } else { 0 };
    }

    /// Whether a request is admitted about which the store was asked first.
    pub(super) fn asked(&mut self, bucket: &str, taken: Taken, now: i64) -> bool {
        let known = self.of(bucket, now);
        let is_granted = taken.granted > 0;
        (known.lease, known.left) = (0, Some(taken.remaining));
        known.was_refused = !taken.wait.is_zero();
        known.blocked_until = if is_granted { 0 } else { now + microseconds(taken.wait) };
        is_granted
    }

    /// How many are left, as far as is known.
    pub(super) fn left(&self, bucket: &str) -> Option<u32> {
        self.0.get(bucket)?.left
    }

    /// Takes one token of a bucket that this instance keeps alone, where there is no store. Gives what is left, or how long
    /// to wait.
    pub(super) fn take(&mut self, bucket: &str, burst: i64, every: i64, now: i64) -> Result<u32, Duration> {
        let known = self.of(bucket, now);
        let until = known.used_until.max(now) + every;
        let over = until - now - burst * every;
        if over > 0 {
            return Err(Duration::from_micros(u64::try_from(over).unwrap_or_default()));
        }
        known.used_until = until;
        Ok(u32::try_from((burst * every - (until - now)) / every.max(1)).unwrap_or_default())
    }

    fn of(&mut self, bucket: &str, now: i64) -> &mut Known {
        if self.0.len() >= MOST && !self.0.contains_key(bucket) {
            self.0.retain(|_, known| known.seen > now - FORGOTTEN);
            if self.0.len() >= MOST {
                self.0.clear();
            }
        }
        let known = self.0.entry(bucket.to_owned()).or_default();
        if known.seen < now - FORGOTTEN {
            *known = Known::default();
        }
        known.seen = now;
        known
    }
}

fn microseconds(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn taken(granted: u32, remaining: u32, wait: u64) -> Taken {
        Taken { granted, remaining, wait: Duration::from_micros(wait) }
    }

    #[test]
    fn a_caller_is_admitted_on_credit_until_the_store_refuses_and_then_waits() {
        let mut memory = Memory::default();
        assert_eq!(memory.admit("a", 0), Admission::OnCredit);
        memory.learn("a", taken(0, 7, 0), 0);
        assert_eq!((memory.admit("a", 1), memory.left("a")), (Admission::OnCredit, Some(6)));
        memory.learn("a", taken(0, 0, 500), 1);
        assert_eq!(memory.admit("a", 500), Admission::Refused(Duration::from_micros(1)));
        assert_eq!(memory.admit("b", 500), Admission::OnCredit, "another's bucket");
        assert_eq!(memory.admit("a", 501), Admission::AskFirst);
        assert!(!memory.asked("a", taken(0, 0, 300), 501));
        assert_eq!(memory.admit("a", 800), Admission::Refused(Duration::from_micros(1)));
        assert_eq!(memory.admit("a", 801), Admission::AskFirst);
        assert!(memory.asked("a", taken(1, 3, 0), 801));
        assert_eq!(memory.admit("a", 802), Admission::OnCredit);
    }

    #[test]
    fn a_lease_is_spent_first_even_when_it_was_the_last_of_the_bucket_and_dies_after_a_second() {
        let mut memory = Memory::default();
        memory.admit("a", 0);
        memory.learn("a", taken(2, 0, 100), 0);
        assert_eq!((memory.admit("a", 1), memory.left("a")), (Admission::Leased, Some(1)));
        assert_eq!(memory.admit("a", 2), Admission::Leased);
        assert!(matches!(memory.admit("a", 3), Admission::Refused(_)));
        memory.learn("a", taken(2, 5, 0), 4);
        assert_eq!(memory.admit("a", 4 + SECOND), Admission::OnCredit, "it is a second old");
    }

    #[test]
    fn a_rare_caller_takes_nothing_ahead_and_a_busy_one_what_it_asked_in_the_last_second() {
        let mut memory = Memory::default();
        memory.admit("a", 0);
        assert_eq!(memory.ahead("a", 300, 0), 0);
        for at in 1..5 {
            memory.admit("a", at);
        }
        assert_eq!(memory.ahead("a", 300, 5), 4);
        assert_eq!(memory.ahead("a", 300, 5), 0, "it is asked for already");
        memory.learn("a", taken(0, 9, 0), 5);
        assert_eq!(memory.ahead("a", 60, 5), 3, "of a small burst a twentieth");
        memory.learn("a", taken(3, 9, 0), 5);
        assert_eq!(memory.left("a"), Some(12));
        for at in 5..100 {
            memory.admit("a", at);
        }
        assert_eq!(memory.ahead("a", 1000, 100), 16);
        memory.learn("a", taken(0, 9, 0), 100);
        memory.admit("a", 99 + SECOND);
        assert_eq!(memory.ahead("a", 1000, 99 + SECOND), 0);
    }

    #[test]
    fn a_bucket_of_the_instance_alone_admits_its_burst_and_then_one_in_each_interval() {
        let mut memory = Memory::default();
        let left: Vec<_> = (0..3).map(|_| memory.take("a", 3, 10, 0)).collect();
        assert_eq!(left, [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(memory.take("a", 3, 10, 4), Err(Duration::from_micros(6)));
        assert_eq!(memory.take("a", 3, 10, 10), Ok(0));
        assert_eq!(memory.take("a", 3, 10, 40), Ok(2));
    }

    #[test]
    fn a_caller_is_forgotten_after_a_minute_and_never_more_than_ten_thousand_are_known() {
        let mut memory = Memory::default();
        memory.admit("a", 0);
        memory.learn("a", taken(0, 0, 10 * 60_000_000), 0);
        assert!(matches!(memory.admit("a", FORGOTTEN), Admission::Refused(_)));
        assert_eq!(memory.admit("a", 2 * FORGOTTEN + 1), Admission::OnCredit);
        for caller in 0..2 * MOST {
            memory.admit(&caller.to_string(), 3 * FORGOTTEN);
            assert!(memory.0.len() <= MOST);
        }
    }
}
