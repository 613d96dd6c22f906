//! External calls: the one place that every call to another service passes (E6). It adds a time-out, a circuit breaker,
//! a pace where the call has one, a retry budget and a span.
//!
//! Breakers are shared by all processes where `REDIS_URL` is set, and each process's own otherwise. Paces and retry
//! budgets are each process's own: they bound what one process adds to the load.
//!
//! The place is `Gate`. A part that calls AWS alone has a gate of its own. [`ExternalCalls`], with Redis and clients for
//! any address, is a part of its own.

pub mod address;
pub(crate) mod aws;
mod breaker;
mod budget;
mod call;
pub mod connect;
pub mod file_store;
mod gate;
mod http;
mod pace;
mod redis;
mod secrets_manager;
mod shared_breaker;

pub use self::aws::AwsConnector;
pub use self::call::{CallError, ExternalCall, Outcome};
pub use self::file_store::{FileKey, FileLink, FileStore, Files};
pub(crate) use self::gate::Gate;
pub use self::http::{HttpClient, HttpError, HttpReply};
pub use self::pace::Pace;
pub use self::redis::Redis;
pub use secrets_manager::SecretsManager;

use crate::clock::Clock;
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::settings::{Setting, SettingError};
use connect::{NetworkScope, Resolver, SystemResolver, Unreachable};
use shared_breaker::SharedBreakers;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The time that looking up a host's addresses may take.
const LOOK_UP: Duration = Duration::from_secs(2);

const OUTSIDE_TARGETS: Setting = Setting::optional(
    "OUTSIDE_TARGETS",
    "which addresses are called that a clinic names: `public` unless given, and so on AWS; `local` adds this machine's \
     own, and is what the local server has",
)
.form("public or local");

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
    /// Calls to addresses of our own settings, and to those within `named_by_others` that somebody else named. Breakers
    /// are shared in `redis`, if that is given. Nothing is sent yet.
    pub fn new(
        named_by_others: NetworkScope,
        redis: &Arc<Redis>,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, SettingError> {
        let client = |scope| HttpClient::within(scope, Arc::clone(&resolver));
        let (to_ours, to_others) = (client(NetworkScope::Anywhere)?, client(named_by_others)?);
        let mut gate = Gate::alone(clock);
        if redis.is_given() {
            gate = gate.sharing(Box::new(SharedBreakers::new(Arc::clone(redis))));
        }
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

    /// The names of the paces that are used up now: a call by one of them would not be made.
    pub fn used_up(&self) -> Vec<String> {
        self.gate.used_up()
    }

    /// The gate, for calls with a client of their own.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }
}

impl Part for ExternalCalls {
    const NAME: &'static str = "external calls";
    const REQUIREMENTS: Requirements = Requirements::settings(&[OUTSIDE_TARGETS]);
    type Parts = Redis;

    fn open(settings: &Reader<'_>, redis: Arc<Redis>) -> Result<Self, Noted> {
        let targets = settings.optional(&OUTSIDE_TARGETS, |name| match name {
            "public" => Ok(NetworkScope::Public),
            "local" => Ok(NetworkScope::PublicOrLoopback),
            _ => Err(SettingError::Malformed),
        })?;
        let targets = targets.unwrap_or(NetworkScope::Public);
        Self::new(targets, &redis, settings.clock(), Arc::new(SystemResolver))
            .map_err(|error| settings.note(OUTSIDE_TARGETS.key, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::parts::Opening;
    use crate::settings::BadSettings;

    fn targets(given: Option<&str>) -> Result<NetworkScope, BadSettings> {
        let value = given.map(str::to_owned);
        let variable = move |key: &str| value.clone().filter(|_| key == "OUTSIDE_TARGETS");
        let opening = Opening::by_value(variable, Arc::new(SystemClock));
        opening.finish(opening.part::<ExternalCalls>()).map(|external| external.named_by_others())
    }

    #[test]
    fn this_machine_is_called_when_a_setting_says_so_and_not_else() {
        assert_eq!(targets(None).unwrap(), NetworkScope::Public);
        assert_eq!(targets(Some("local")).unwrap(), NetworkScope::PublicOrLoopback);
        let bad = targets(Some("any")).unwrap_err();
        assert_eq!(bad.to_string(), "OUTSIDE_TARGETS must be public or local");
    }
}
