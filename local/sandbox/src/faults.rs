//! What a test makes the next request meet, whatever it is.

use crate::asked::unauthorised;
use crate::attempt::{rate_limited, server_error};
use crate::reply::{Answer, Refusal, Sent};
use http::StatusCode;

/// A fault that one request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 401; nothing ran.
    Refuse401,
    /// 403; nothing ran.
    Refuse403,
    /// 409, as if the key were in use; nothing ran.
    InUse,
    /// 429; nothing ran.
    Refuse429,
    /// 500, kept under the key; nothing is taken.
    Error500,
    /// The request runs, and the connection closes without a byte.
    Lost,
    /// Nothing runs, and the connection closes without a byte.
    LostBefore,
    /// The request runs, and nothing is answered for 30 seconds.
    TimedOut,
    /// Nothing runs, and nothing is answered for 30 seconds.
    TimedOutBefore,
    /// The request runs, and half of its reply comes.
    Half,
}

impl Fault {
    /// What comes instead of running the request, whatever its key.
    pub(crate) fn before(self) -> Option<Answer> {
        match self {
            Self::Refuse401 => Some(unauthorised().into()),
            Self::Refuse403 => Some(forbidden().into()),
            Self::InUse => Some(in_use().into()),
            Self::Refuse429 => Some(rate_limited().into()),
            Self::LostBefore => Some(Answer::passing(Sent::Lost)),
            Self::TimedOutBefore => Some(Answer::passing(Sent::Silent)),
            Self::Error500 | Self::Lost | Self::TimedOut | Self::Half => None,
        }
    }

    /// What the request comes to instead of what it asks for.
    pub(crate) fn instead(self) -> Option<Refusal> {
        (self == Self::Error500).then(server_error)
    }

    /// How the request is answered that ran.
    pub(crate) fn after(self, answer: Answer) -> Answer {
        match self {
            Self::Lost => Answer { sent: Sent::Lost, ..answer },
            Self::TimedOut => Answer { sent: Sent::Silent, ..answer },
            Self::Half => answer.but(Sent::Half),
            _ => answer,
        }
    }
}

fn forbidden() -> Refusal {
    Refusal::invalid("This API key does not have the permissions for that.")
        .with_status(StatusCode::FORBIDDEN)
}

/// Another request under the same key still runs.
pub(crate) fn in_use() -> Refusal {
    Refusal::invalid("There is currently another in-progress request using this idempotency key.")
        .with_kind("idempotency_error")
        .with_code("idempotency_key_in_use")
        .with_status(StatusCode::CONFLICT)
}
