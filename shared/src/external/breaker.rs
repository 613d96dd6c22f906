//! Circuit breakers (E6). Five failures in a row open a breaker for thirty seconds: no call is made. Then exactly one
//! call is let through as a probe, and its success closes the breaker.

use crate::access::random;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The number of failures in a row that open a breaker.
pub(super) const THRESHOLD: u32 = 5;

/// How long a breaker stays open, in milliseconds.
pub(super) const OPEN: i64 = 30_000;

/// The time after which a probe counts as lost, in milliseconds: its process may have ended. Longer than any call.
pub(super) const PROBE: i64 = 60_000;

/// The breaker's answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// The call may be made.
    Admitted,
    /// The call may be made as a probe. The number tells this probe from a later one.
    Probe(u64),
    /// No call may be made before so much time has passed.
    Refused(Duration),
}

/// The state of one breaker. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls are made; so many failed in a row.
    Closed { failures: u32 },
    /// No call is made until then.
    Open { until: i64 },
    /// A probe is under way; until then no other call is made.
    Probing { probe: u64, until: i64 },
}

impl State {
    /// The answer to a call, and the state afterwards. `probe` is the number for a probe.
    fn admit(self, now: i64, probe: u64) -> (Self, Admission) {
        match self {
            Self::Closed { .. } => (self, Admission::Admitted),
            Self::Open { until } | Self::Probing { until, .. } if now < until => {
                let wait = u64::try_from(until - now).unwrap_or(0);
                (self, Admission::Refused(Duration::from_millis(wait)))
            }
            Self::Open { .. } | Self::Probing { .. } => {
                (Self::Probing { probe, until: now + PROBE }, Admission::Probe(probe))
            }
        }
    }

    /// The state after the end of a call. A call that was under way when the breaker opened changes nothing.
    fn settle(self, now: i64, admission: Admission, failed: bool) -> Self {
        match (self, admission) {
            (Self::Probing { probe, .. }, Admission::Probe(own)) if probe == own && !failed => {
                Self::Closed { failures: 0 }
            }
            (Self::Probing { probe, .. }, Admission::Probe(own)) if probe == own => {
                Self::Open { until: now + OPEN }
            }
            (Self::Closed { .. }, Admission::Admitted) if !failed => Self::Closed { failures: 0 },
            (Self::Closed { failures }, Admission::Admitted) if failures + 1 >= THRESHOLD => {
                Self::Open { until: now + OPEN }
            }
            (Self::Closed { failures }, Admission::Admitted) => Self::Closed { failures: failures + 1 },
            (unchanged, _) => unchanged,
        }
    }
}

/// The breakers of this process. A closed breaker without failures takes no room.
#[derive(Debug, Default)]
pub(super) struct LocalBreakers(Mutex<HashMap<String, State>>);

impl LocalBreakers {
    /// Asks whether a call may be made.
    pub(super) fn admit(&self, key: &str, now: i64) -> Admission {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = states.get_mut(key) else { return Admission::Admitted };
        let (next, admission) = state.admit(now, u64::from(random::number()));
        *state = next;
        admission
    }

    /// Notes how a call ended.
    pub(super) fn settle(&self, key: &str, now: i64, admission: Admission, failed: bool) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.get(key).copied().unwrap_or(State::Closed { failures: 0 });
        match state.settle(now, admission, failed) {
            State::Closed { failures: 0 } => states.remove(key),
            next => states.insert(key.to_owned(), next),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breakers where `failures` calls in a row failed at time 0.
    fn after(failures: u32) -> LocalBreakers {
        let breakers = LocalBreakers::default();
        (0..failures).for_each(|_| breakers.settle("a", 0, Admission::Admitted, true));
        breakers
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_thirty_seconds_and_four_do_not() {
        assert_eq!(after(4).admit("a", 0), Admission::Admitted);
        let breakers = after(5);
        assert_eq!(breakers.admit("a", 1), Admission::Refused(Duration::from_millis(29_999)));
        assert_eq!(breakers.admit("b", 1), Admission::Admitted);
    }

    #[test]
    fn a_success_between_failures_starts_the_count_again() {
        let breakers = after(4);
        breakers.settle("a", 0, Admission::Admitted, false);
        (0..4).for_each(|_| breakers.settle("a", 0, Admission::Admitted, true));
        assert_eq!(breakers.admit("a", 0), Admission::Admitted);
    }

    #[test]
    fn after_thirty_seconds_one_probe_is_made_and_its_success_closes_it() {
        let breakers = after(5);
        let probe = breakers.admit("a", OPEN);
        assert!(matches!(probe, Admission::Probe(_)));
        assert!(matches!(breakers.admit("a", OPEN), Admission::Refused(_)));
        breakers.settle("a", OPEN, probe, false);
        assert_eq!(breakers.admit("a", OPEN), Admission::Admitted);
        assert!(breakers.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_failed_probe_opens_it_for_thirty_seconds_more() {
        let breakers = after(5);
        let probe = breakers.admit("a", OPEN);
        breakers.settle("a", OPEN, probe, true);
        assert_eq!(breakers.admit("a", OPEN), Admission::Refused(Duration::from_secs(30)));
    }

    #[test]
    fn a_probe_that_is_never_heard_of_again_makes_room_for_another() {
        let breakers = after(5);
        let lost = breakers.admit("a", OPEN);
        let next = breakers.admit("a", OPEN + PROBE);
        assert!(matches!(next, Admission::Probe(_)));
        breakers.settle("a", OPEN + PROBE, lost, false);
        assert!(
            matches!(breakers.admit("a", OPEN + PROBE), Admission::Refused(_)),
            "the lost one counts no more"
        );
    }

    #[test]
    fn calls_under_way_when_it_opened_neither_close_it_nor_keep_it_open() {
        let breakers = after(5);
        breakers.settle("a", 10_000, Admission::Admitted, false);
        breakers.settle("a", 20_000, Admission::Admitted, true);
        assert_eq!(breakers.admit("a", 20_000), Admission::Refused(Duration::from_secs(10)));
    }
}
