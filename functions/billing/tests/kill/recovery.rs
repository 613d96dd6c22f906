//! Who comes next.

use jiff::SignedDuration;

/// Who comes after a function was killed. The client comes in the end, who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// The client repeats its request.
    Client,
    /// The provider tells what happened.
    EventThenClient,
    /// Nobody does anything for a minute, and the sweeper finds out.
    SweeperThenClient,
    /// The provider tells it twice at once, and the sweeper comes as well.
    EventTwiceThenSweeper,
}

impl Recovery {
    pub(crate) const ALL: [Self; 4] =
        [Self::Client, Self::EventThenClient, Self::SweeperThenClient, Self::EventTwiceThenSweeper];

    /// How long after the call it comes: a repetition before 10 seconds is told that the first may still be under way, and the
    /// sweeper takes what nobody has heard of for 60.
    pub(crate) const fn after(self) -> SignedDuration {
        match self {
            Self::Client | Self::EventThenClient => SignedDuration::from_secs(11),
            Self::SweeperThenClient | Self::EventTwiceThenSweeper => SignedDuration::from_secs(61),
        }
    }

    /// How often the provider tells each event at once.
    pub(crate) const fn events(self) -> usize {
        match self {
            Self::Client | Self::SweeperThenClient => 0,
            Self::EventThenClient => 1,
            Self::EventTwiceThenSweeper => 2,
        }
    }

    /// Whether the sweeper comes.
    pub(crate) const fn sweeps(self) -> bool {
        matches!(self, Self::SweeperThenClient | Self::EventTwiceThenSweeper)
    }
}
