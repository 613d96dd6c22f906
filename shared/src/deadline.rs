//! The time that a call has left. Every limit, of the database and of external calls, comes from it (D10).

use std::time::Duration;
use tokio::time::Instant;

/// The longest a call may take, whatever the environment would allow.
pub const LONGEST: Duration = Duration::from_secs(10);

/// The instant by which the reply must be out.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `left` from now, ten seconds at most.
    pub fn within(left: Duration) -> Self {
        Self(Instant::now() + left.min(LONGEST))
    }

    /// The deadline of work that no caller waits for, which may be more than ten seconds away.
    pub fn of_work(until: Instant) -> Self {
        Self(until)
    }

    /// The time left; zero after the deadline.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The instant itself, for `tokio::time::timeout_at`, moved `margin` earlier.
    pub fn less(self, margin: Duration) -> Instant {
        self.0.checked_sub(margin).unwrap_or(self.0)
    }
}
