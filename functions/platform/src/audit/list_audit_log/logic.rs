//! The window: which stretch of time is listed.

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

/// The longest window, and the one that is looked at unless another is given.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What is listed: what happened from the first instant on and before the other one, or until now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    /// None is now. It bounds nothing: the log has nothing later, unless from a machine whose clock is ahead, and what one has
    /// just done is seen.
    pub(super) to: Option<Timestamp>,
}

/// What is wrong with a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It ends before or when it begins.
    Empty,
    /// It is longer than 31 days.
    TooLong,
}

/// Judges the ends of a window. Where one is not given, nothing is wrong with it.
pub(super) fn judge(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), Wrong> {
    let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
    match to.duration_since(from) {
        length if length <= SignedDuration::ZERO => Err(Wrong::Empty),
        length if length > LONGEST => Err(Wrong::TooLong),
        _ => Ok(()),
    }
}

impl Window {
    /// The window with these ends. It is as long as it may be where an end is not given, and ends now where neither is.
    pub(super) fn of(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Self {
        let before = |to: Timestamp| to.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        let behind = |from: Timestamp| from.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        let to = to.or_else(|| from.map(behind));
        let from = from.unwrap_or_else(|| before(to.unwrap_or(now)));
        Self { from: whole(from), to: to.map(whole) }
    }
}

/// The first microsecond that is not before `at`: what is listed has no finer times, so the same rows lie behind it.
fn whole(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Ceil)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2026-11-21T10:00:00.123456Z")
    }

    #[test]
    fn a_window_ends_after_it_begins_and_has_31_days_at_most() {
        let begin = at("2026-03-01T00:00:00Z");
        let after = |length| judge(Some(begin), Some(begin + length));
        let microsecond = SignedDuration::from_micros(1);
        assert_eq!(after(microsecond), Ok(()));
        assert_eq!(after(LONGEST), Ok(()));
        assert_eq!(after(LONGEST + microsecond), Err(Wrong::TooLong));
        assert_eq!(after(LONGEST + SignedDuration::from_nanos(1)), Err(Wrong::TooLong));
        assert_eq!(after(SignedDuration::ZERO), Err(Wrong::Empty));
        assert_eq!(after(-microsecond), Err(Wrong::Empty));
        assert_eq!(judge(Some(Timestamp::MIN), Some(Timestamp::MAX)), Err(Wrong::TooLong));
        assert_eq!(judge(Some(Timestamp::MAX), Some(Timestamp::MIN)), Err(Wrong::Empty));
    }

    #[test]
    fn an_end_that_is_not_given_is_31_days_away_and_the_window_ends_now_where_neither_is() {
        let (month, earlier) = (LONGEST, at("2026-01-01T00:00:00Z"));
        let window = |from, to| Window { from, to };
        assert_eq!(Window::of(None, None, now()), window(now() - month, None));
        assert_eq!(Window::of(None, Some(earlier), now()), window(earlier - month, Some(earlier)));
        assert_eq!(Window::of(Some(earlier), None, now()), window(earlier, Some(earlier + month)));
        assert_eq!(Window::of(Some(earlier), Some(now()), now()), window(earlier, Some(now())));
    }

    #[test]
    fn at_the_ends_of_time_a_window_is_shorter() {
        let [first, last] = [Timestamp::MIN, Timestamp::MAX].map(Some);
        assert_eq!(Window::of(None, first, now()), Window { from: Timestamp::MIN, to: first });
        assert_eq!(Window::of(last, None, now()), Window { from: Timestamp::MAX, to: last });
        assert_eq!((judge(last, None), judge(None, first)), (Ok(()), Ok(())));
    }

    #[test]
    fn an_end_within_a_microsecond_is_the_next_one() {
        let ends =
            ["2026-11-21T10:00:00.000000001Z", "2026-11-21T10:00:00.000001999Z"].map(|end| Some(at(end)));
        let [from, to] = ["2026-11-21T10:00:00.000001Z", "2026-11-21T10:00:00.000002Z"].map(at);
        assert_eq!(Window::of(ends[0], ends[1], now()), Window { from, to: Some(to) });
        assert_eq!(whole(now()), now());
        assert_eq!(whole(at("1969-12-31T23:59:59.9999995Z")), Timestamp::UNIX_EPOCH);
    }
}
