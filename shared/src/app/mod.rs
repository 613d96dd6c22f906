//! What every function is given at its start and keeps between requests (A6, A7). What only some functions need is a
//! part that they name ([`crate::parts`]).

mod frame;
mod origins;

pub use frame::Frame;
pub use origins::CORS_ALLOWED_ORIGINS;

use crate::access::{Hasher, HashingGate, TokenVerifier};
use crate::clock::{Clock, Ids};
use crate::database::Database;
use crate::limits::Limiter;
use crate::outbox::RelayNudge;
use crate::parts::{Noted, Opening};
use crate::readiness::Readiness;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What every function has. Nothing of a request lives here.
pub struct App {
    /// The database, under the function's role; none where the frame has none.
    pub database: Arc<Database>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn Ids>,
    /// The password hasher.
    pub hasher: Arc<dyn Hasher>,
    /// The bound on passwords hashed at once.
    pub hashing: HashingGate,
    /// The keys that access tokens are checked with; none where the frame has none, and then no token is good.
    pub verifier: Arc<TokenVerifier>,
    /// Exact origins that browsers may call from.
    pub allowed_origins: Vec<String>,
    /// Whether the database answered last.
    pub readiness: Readiness,
    pub(crate) nudge: Arc<RelayNudge>,
    pub(crate) limits: Arc<Limiter>,
    warm: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("App")
    }
}

impl App {
    /// Opens what a function with this frame has, for its first request.
    pub fn open(
        opening: &Opening,
        frame: Frame,
        ids: Arc<dyn Ids>,
        hasher: Arc<dyn Hasher>,
    ) -> Result<Self, Noted> {
        let database = frame.database.map(|open| open(opening)).transpose();
        let verifier = frame.verifier.map(|open| open(opening)).transpose();
        let nudge = frame.nudge.map(|open| open(opening)).transpose();
        let limits = frame.limits.map(|open| open(opening)).transpose();
        let allowed_origins = origins::read(&opening.reader(&[CORS_ALLOWED_ORIGINS]));
        Ok(Self {
            database: database?.unwrap_or_else(|| Arc::new(Database::none())),
            clock: opening.clock(),
            ids,
            hasher,
            hashing: HashingGate::default(),
            verifier: verifier?.unwrap_or_default(),
            allowed_origins: allowed_origins?,
            readiness: Readiness::default(),
            nudge: nudge?.unwrap_or_else(|| Arc::new(RelayNudge::none())),
            limits: limits?.unwrap_or_else(|| Arc::new(Limiter::alone(opening.clock()))),
            warm: AtomicBool::new(false),
        })
    }

    /// Whether this is the first request of the environment.
    pub(crate) fn is_cold(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }
}
