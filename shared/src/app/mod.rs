//! The parts of a function, given at its start and kept between requests (A6, A7).

mod needs;
mod public_url;
mod settings;

pub use needs::{KeyForm, Needs};
pub use settings::Settings;

use crate::access::{Hasher, HashingGate, TokenSigner, TokenVerifier};
use crate::clock::{Clock, Ids};
use crate::database::{Database, Readiness};
use crate::external::ExternalCalls;
use crate::failure::Fault;
use crate::mail::{MailGateway, Notices};
use crate::outbox::{Nudge, Queue};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The injected parts of a function. Nothing of a request lives here.
pub struct App {
    /// The database, under the module's role.
    pub database: Database,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn Ids>,
    /// The password hasher.
    pub hasher: Arc<dyn Hasher>,
    /// The bound on passwords hashed at once.
    pub hashing: HashingGate,
    /// The keys that access tokens are checked with.
    pub verifier: TokenVerifier,
    /// Exact origins that browsers may call from.
    pub allowed_origins: Vec<String>,
    /// The last readiness answer.
    pub readiness: Readiness,
    external: Option<Arc<ExternalCalls>>,
    signer: Option<TokenSigner>,
    public_url: Option<String>,
    mail_events_key: Option<String>,
    mail: Option<Arc<dyn MailGateway>>,
    mail_notices: Option<Notices>,
    queue: Option<Arc<dyn Queue>>,
    pub(crate) nudge: Option<Arc<dyn Nudge>>,
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
            external: None,
            signer: settings.signer,
            public_url: settings.public_url,
            mail_events_key: settings.mail_events_key,
            mail: None,
            mail_notices: None,
            queue: None,
            nudge: None,
            warm: AtomicBool::new(false),
        }
    }

    /// With queues to send events to.
    #[must_use]
    pub fn with_queue(self, queue: Arc<dyn Queue>) -> Self {
        Self { queue: Some(queue), ..self }
    }

    /// With a nudge for the relay.
    #[must_use]
    pub fn with_nudge(self, nudge: Arc<dyn Nudge>) -> Self {
        Self { nudge: Some(nudge), ..self }
    }

    /// Nudges the relay, if the function has a nudge: the outbox may have something new.
    pub(crate) async fn nudge(&self) {
        if let Some(nudge) = &self.nudge {
            nudge.nudge().await;
        }
    }

    /// The queues, which only the relay has.
    pub fn queue(&self) -> Result<&dyn Queue, Fault> {
        self.queue.as_deref().ok_or_else(|| Fault::internal("this function has no queues"))
    }

    /// With external calls.
    #[must_use]
    pub fn with_external(self, external: Arc<ExternalCalls>) -> Self {
        Self { external: Some(external), ..self }
    }

    /// The external calls, which only functions that declare them have.
    pub fn external(&self) -> Result<&Arc<ExternalCalls>, Fault> {
        self.external.as_ref().ok_or_else(|| Fault::internal("this function makes no external calls"))
    }

    /// The external calls, to be kept by a client.
    pub(crate) fn shared_external(&self) -> Result<Arc<ExternalCalls>, Fault> {
        self.external.clone().ok_or_else(|| Fault::internal("this function makes no external calls"))
    }

    /// With a gateway to send mail by.
    #[must_use]
    pub fn with_mail(self, mail: Arc<dyn MailGateway>) -> Self {
        Self { mail: Some(mail), ..self }
    }

    /// The mail gateway, which only the sender of mail has.
    pub fn mail(&self) -> Result<&dyn MailGateway, Fault> {
        self.mail.as_deref().ok_or_else(|| Fault::internal("this function has no mail gateway"))
    }

    /// With the queue of the mail provider's notices.
    #[must_use]
    pub fn with_mail_notices(self, notices: Notices) -> Self {
        Self { mail_notices: Some(notices), ..self }
    }

    /// The queue of the mail provider's notices; none on one machine, where mail never leaves.
    pub const fn mail_notices(&self) -> Option<&Notices> {
        self.mail_notices.as_ref()
    }

    /// The public key of the mail provider's signatures, if the function takes its events and the key is set.
    pub fn mail_events_key(&self) -> Option<&str> {
        self.mail_events_key.as_deref()
    }

    /// The program's public address, without a slash at its end, which only functions that send links have.
    pub fn public_url(&self) -> Result<&str, Fault> {
        self.public_url.as_deref().ok_or_else(|| Fault::internal("this function has no public address"))
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
