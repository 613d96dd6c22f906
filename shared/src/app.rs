//! What a function is given at start and keeps between requests (A6, A7).

use crate::clock::{Clock, Ids};
use crate::database::Database;
use crate::failure::Fault;
use crate::health::Readiness;
use crate::passwords::{Hasher, HashingGate};
use crate::settings::Settings;
use crate::token::{TokenSigner, TokenVerifier};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The injected parts of a function. Nothing of a request lives here.
pub struct App {
    /// The database, under the module's role.
    pub database: Database,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
    /// The password hasher.
    pub hasher: Arc<dyn Hasher>,
    /// How many passwords are hashed at once.
    pub hashing: HashingGate,
    /// The keys that access tokens are checked with.
    pub verifier: TokenVerifier,
    /// Exact origins that browsers may call from.
    pub allowed_origins: Vec<String>,
    /// The last readiness answer.
    pub readiness: Readiness,
    signer: Option<TokenSigner>,
    warm: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("App")
    }
}

impl App {
    /// A function ready for its first request.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        hasher: Arc<dyn Hasher>,
    ) -> Self {
        Self {
            database: settings.database,
            clock,
            ids,
            hasher,
            hashing: HashingGate::default(),
            verifier: settings.verifier,
            allowed_origins: settings.allowed_origins,
            readiness: Readiness::default(),
            signer: settings.signer,
            warm: AtomicBool::new(false),
        }
    }

    /// The token signer, which only functions that issue tokens have.
    pub fn signer(&self) -> Result<&TokenSigner, Fault> {
        self.signer.as_ref().ok_or_else(|| Fault::internal("this function has no token key"))
    }

    /// Whether this is the first request of the environment.
    pub(crate) fn is_cold(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }
}
