//! Paces: at most so many calls a minute by one name, such as a host's, whoever the calls are for. They bound what one
//! process sends, and are its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A minute, in milliseconds. It begins with its first call.
const MINUTE: i64 = 60_000;

/// The most calls a minute by one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace<'a> {
    /// The name that calls are counted by; nothing personal.
    pub name: &'a str,
    /// The most calls.
    pub a_minute: u32,
}

/// The calls of the current minute by one name.
#[derive(Debug, Clone, Copy)]
struct Minute {
    began: i64,
    calls: u32,
    most: u32,
}

impl Minute {
    /// The milliseconds until the minute is over.
    fn left(self, now: i64) -> u64 {
        u64::try_from(self.began + MINUTE - now).unwrap_or(0)
    }

    fn is_used_up(self, now: i64) -> bool {
        self.calls >= self.most && self.left(now) > 0
    }
}

/// The paces of this process. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Paces(Mutex<HashMap<String, Minute>>);

impl Paces {
    /// Counts a call in each of these paces; when one of them is used up, counts none and says how long to wait.
    pub(super) fn take(&self, paces: &[Pace<'_>], now: i64) -> Result<(), Duration> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = paces.iter().filter_map(|pace| minutes.get(pace.name));
        let wait = known.filter(|minute| minute.is_used_up(now)).map(|minute| minute.left(now)).max();
        if let Some(wait) = wait {
            return Err(Duration::from_millis(wait));
        }
        for pace in paces {
            let begins = Minute { began: now, calls: 0, most: pace.a_minute };
            let minute = minutes.entry(pace.name.to_owned()).or_insert(begins);
            if minute.left(now) == 0 {
                *minute = begins;
            }
            minute.calls += 1;
        }
        Ok(())
    }

    /// Takes back what a call that was not made has counted.
    pub(super) fn give_back(&self, paces: &[Pace<'_>]) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for pace in paces {
            if let Some(minute) = minutes.get_mut(pace.name) {
                minute.calls = minute.calls.saturating_sub(1);
            }
        }
    }

    /// The names of the paces that are used up. Forgets minutes that are over.
    pub(super) fn used_up(&self, now: i64) -> Vec<String> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.retain(|_, minute| minute.left(now) > 0);
        let used_up = minutes.iter().filter(|(_, minute)| minute.is_used_up(now));
        used_up.map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Pace<'_> = Pace { name: "two", a_minute: 2 };
    const THREE: Pace<'_> = Pace { name: "three", a_minute: 3 };

    #[test]
    fn so_many_calls_are_made_in_a_minute_and_the_next_one_waits_for_its_end() {
        let paces = Paces::default();
        assert_eq!([0, 1_000, 2_000].map(|now| paces.take(&[TWO], now).is_ok()), [true, true, false]);
        assert_eq!(paces.take(&[TWO], 59_999), Err(Duration::from_millis(1)));
        assert_eq!(paces.used_up(59_999), ["two"]);
        assert_eq!([60_000, 60_000, 60_000].map(|now| paces.take(&[TWO], now).is_ok()), [true, true, false]);
    }

    #[test]
    fn a_call_that_one_pace_refuses_counts_in_none() {
        let paces = Paces::default();
        assert_eq!([(); 4].map(|()| paces.take(&[TWO, THREE], 0).is_ok()), [true, true, false, false]);
        assert_eq!([(); 2].map(|()| paces.take(&[THREE], 0).is_ok()), [true, false]);
    }

    #[test]
    fn what_was_not_made_is_given_back_and_what_is_over_takes_no_room() {
        let paces = Paces::default();
        paces.take(&[TWO], 0).unwrap();
        paces.take(&[TWO], 0).unwrap();
        paces.give_back(&[TWO]);
        assert_eq!([(); 2].map(|()| paces.take(&[TWO], 0).is_ok()), [true, false]);
        assert!(paces.used_up(60_000).is_empty());
        assert!(paces.0.lock().unwrap().is_empty());
    }
}
