//! Time and identifiers, injected so that logic and tests decide them (A6).

use jiff::Timestamp;
use uuid::Uuid;

/// The wall clock. Timestamps are UTC with the microsecond resolution of Postgres.
pub trait Clock: Send + Sync {
    /// The current instant, truncated to microseconds.
    fn now(&self) -> Timestamp;
}

/// The source of identifiers.
pub trait Ids: Send + Sync {
    /// A new `UUIDv7` (RFC 9562 §5.7) whose time part is `now`.
    fn new_id(&self, now: Timestamp) -> Uuid;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// Identifiers from the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn new_id(&self, now: Timestamp) -> Uuid {
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_carry_the_given_instant() {
        let now: Timestamp = "2026-11-21T10:00:00.123456Z".parse().unwrap();
        let id = SystemIds.new_id(now);
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (1_795_255_200, 123));
    }

    #[test]
    fn the_clock_has_the_resolution_of_postgres() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000, 0);
    }
}
