//! External calls: the one place that every call to another service passes (E6). It adds a time-out, a circuit breaker,
//! a retry budget and a span.
//!
//! Breakers are shared by all processes where `REDIS_URL` is set, and each process's own otherwise. Retry budgets are
//! each process's own: they bound what one process adds to the load.
//!
//! The place is `Gate`. A function that calls AWS alone has a gate of its own. [`ExternalCalls`], with Redis and
//! clients for any address, is for functions whose declaration asks for it ([`OpenExternal`]); the linker leaves it out
//! of all others.

pub mod address;
pub(crate) mod aws;
mod breaker;
mod budget;
mod call;
pub mod connect;
mod gate;
mod http;
mod secrets_manager;
mod settings;
mod shared_breaker;

pub use self::aws::AwsConnector;
pub use self::call::{CallError, ExternalCall, Outcome};
pub(crate) use self::gate::Gate;
pub use self::http::{HttpClient, HttpError, HttpReply};
pub use secrets_manager::SecretsManager;
pub use settings::ExternalSettings;

use crate::clock::{Clock, SystemClock};
use crate::settings::BadSettings;
use connect::{NetworkScope, Resolver, SystemResolver, Unreachable};
use shared_breaker::SharedBreakers;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The time that looking up a host's addresses may take.
const LOOK_UP: Duration = Duration::from_secs(2);

type Opening = fn(&ExternalSettings, Arc<dyn Clock>, Arc<dyn Resolver>) -> Result<ExternalCalls, BadSettings>;

/// The making of [`ExternalCalls`]. A declaration that makes external calls has this as a constant; in any other
/// function nothing refers to [`ExternalCalls`], and the linker leaves it out.
#[derive(Clone, Copy)]
pub struct OpenExternal(Opening);

impl OpenExternal {
    /// The only value.
    pub const OPEN: Self = Self(ExternalCalls::open);

    /// Makes the external calls, with the machine's own clock and resolver.
    pub fn open(self, settings: &ExternalSettings) -> Result<Arc<ExternalCalls>, BadSettings> {
        (self.0)(settings, Arc::new(SystemClock), Arc::new(SystemResolver)).map(Arc::new)
    }
}

impl PartialEq for OpenExternal {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for OpenExternal {}

impl std::fmt::Debug for OpenExternal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OpenExternal")
    }
}

/// The external calls of a function.
pub struct ExternalCalls {
    gate: Arc<Gate>,
    resolver: Arc<dyn Resolver>,
    named_by_others: NetworkScope,
    to_ours: HttpClient,
    to_others: HttpClient,
}

impl std::fmt::Debug for ExternalCalls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ExternalCalls")
    }
}

impl ExternalCalls {
    /// Opens the external calls by the settings. Nothing is sent yet.
    pub fn open(
        settings: &ExternalSettings,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, BadSettings> {
        let shared = settings.redis.as_ref().map(|url| SharedBreakers::at(url.expose())).transpose()?;
        let named_by_others = settings.targets;
        let client = |scope| {
            let client = HttpClient::within(scope, Arc::clone(&resolver));
            client.map_err(|error| BadSettings(vec![("OUTSIDE_TARGETS", error)]))
        };
        let (to_ours, to_others) = (client(NetworkScope::Anywhere)?, client(named_by_others)?);
        let gate = match shared {
            Some(shared) => Gate::alone(clock).sharing(Box::new(shared)),
            None => Gate::alone(clock),
        };
        Ok(Self { gate: Arc::new(gate), resolver, named_by_others, to_ours, to_others })
    }

    /// The client for addresses of our own settings.
    pub fn http(&self) -> &HttpClient {
        &self.to_ours
    }

    /// The client for addresses that somebody else named, which connects to the public internet only.
    pub fn http_to_others(&self) -> &HttpClient {
        &self.to_others
    }

    /// The addresses that [`ExternalCalls::http_to_others`] connects to.
    pub fn named_by_others(&self) -> NetworkScope {
        self.named_by_others
    }

    /// Looks a host up as [`ExternalCalls::http_to_others`] does; its addresses, if all are allowed.
    pub async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Unreachable> {
        let found = connect::addresses(&*self.resolver, self.named_by_others, host);
        tokio::time::timeout(LOOK_UP, found).await.unwrap_or(Err(Unreachable::NoAddress))
    }

    /// Makes a call: runs `attempt`, and runs it again while it fails and repetitions and budget are left. An attempt
    /// fails by an error, by an [`Outcome`] that is a failure, or by its time-out.
    pub async fn call<T, E, F>(
        &self,
        call: ExternalCall<'_>,
        attempt: impl FnMut() -> F,
    ) -> Result<T, CallError<E>>
    where
        T: Outcome,
        F: Future<Output = Result<T, E>>,
    {
        self.gate.call(call, attempt).await
    }

    /// The gate, for calls with a client of their own.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }
}
