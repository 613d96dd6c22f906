//! The parts that the frame around every handler uses.

use crate::access::TokenVerifier;
use crate::database::Database;
use crate::limits::Limiter;
use crate::outbox::RelayNudge;
use crate::parts::{Noted, Opening, Requirements, requirements};
use std::sync::Arc;

/// Opens a part. A function that has no such pointer does not refer to the part, and the linker leaves the part out.
type Open<P> = fn(&Opening) -> Result<Arc<P>, Noted>;

/// The parts that the frame around a handler uses: they follow from the declaration, which need not name them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame {
    pub(super) database: Option<Open<Database>>,
    pub(super) verifier: Option<Open<TokenVerifier>>,
    pub(super) nudge: Option<Open<RelayNudge>>,
    pub(super) limits: Option<Open<Limiter>>,
}

impl Frame {
    /// Nothing.
    pub const NONE: Self = Self { database: None, verifier: None, nudge: None, limits: None };

    /// Everything, for functions that share one process.
    pub const WHOLE: Self = Self::NONE.with_database().with_verifier().with_nudge().with_limits();

    /// With the database.
    #[must_use]
    pub const fn with_database(self) -> Self {
        Self { database: Some(Opening::part), ..self }
    }

    /// With the keys that access tokens are checked with.
    #[must_use]
    pub const fn with_verifier(self) -> Self {
        Self { verifier: Some(Opening::part), ..self }
    }

    /// With the nudge of the relay.
    #[must_use]
    pub const fn with_nudge(self) -> Self {
        Self { nudge: Some(Opening::part), ..self }
    }

    /// With the limits of requests.
    #[must_use]
    pub const fn with_limits(self) -> Self {
        Self { limits: Some(Opening::part), ..self }
    }

    /// Whether there is a database.
    pub const fn has_database(&self) -> bool {
        self.database.is_some()
    }

    /// The requirements of the parts and of what they are made of, by their names.
    pub fn requirements(&self) -> Vec<(&'static str, Requirements)> {
        let all = [
            (self.database.is_some(), requirements::<Database>()),
            (self.verifier.is_some(), requirements::<TokenVerifier>()),
            (self.nudge.is_some(), requirements::<RelayNudge>()),
            (self.limits.is_some(), requirements::<Limiter>()),
        ];
        all.into_iter().filter(|(is_there, _)| *is_there).flat_map(|(_, needed)| needed).collect()
    }
}
