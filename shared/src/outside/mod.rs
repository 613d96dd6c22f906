//! The one place that every call to somebody else passes (E6): it adds a time-out, a circuit breaker, a retry budget
//! and a span.
//!
//! Breakers are shared by all processes where `REDIS_URL` is set, and each process's own otherwise. Retry budgets are
//! each process's own: they bound what one process adds to the load.
//!
//! A function gets this only when its declaration asks for it ([`WayOut`]); the linker leaves it out of all others.

pub mod address;
mod breaker;
mod budget;
mod call;
pub mod connect;
mod http;
mod shared_breaker;

pub use self::call::{CallError, ExternalCall, Outcome};
pub use self::http::{HttpClient, HttpError, HttpReply};

use crate::clock::{Clock, SystemClock};
use crate::settings::{BadSettings, OutsideSettings};
use crate::telemetry::{self, Instrument as _};
use breaker::{Admission, LocalBreakers};
use budget::RetryBudget;
use connect::{Reach, Resolver, SystemResolver, Unreachable};
use shared_breaker::SharedBreakers;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What is kept of the deadline for noting how a call ended and for answering.
const MARGIN: Duration = Duration::from_millis(300);

/// With less time than this no attempt is begun.
const SHORTEST: Duration = Duration::from_millis(100);

/// What looking up a host's addresses may take.
const LOOK_UP: Duration = Duration::from_secs(2);

type Opening = fn(&OutsideSettings, Arc<dyn Clock>, Arc<dyn Resolver>) -> Result<Outside, BadSettings>;

/// How [`Outside`] is made. A declaration that needs it has this as a constant; in a function whose declaration has
/// not, nothing leads to it, and the linker leaves it out.
#[derive(Clone, Copy)]
pub struct WayOut(Opening);

impl WayOut {
    /// The one there is.
    pub const OPEN: Self = Self(Outside::open);

    /// Makes it, by the machine's own clock and resolver.
    pub fn open(self, settings: &OutsideSettings) -> Result<Arc<Outside>, BadSettings> {
        (self.0)(settings, Arc::new(SystemClock), Arc::new(SystemResolver)).map(Arc::new)
    }
}

impl PartialEq for WayOut {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for WayOut {}

impl std::fmt::Debug for WayOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WayOut")
    }
}

/// The way outside.
pub struct Outside {
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolver>,
    local: LocalBreakers,
    shared: Option<SharedBreakers>,
    budget: RetryBudget,
    named_by_others: Reach,
    to_ours: HttpClient,
    to_others: HttpClient,
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Outside")
    }
}

/// A call that was admitted, and by which breaker.
struct Permit {
    admission: Admission,
    shared: bool,
}

impl Outside {
    /// The way outside that the settings describe. Nothing is sent yet.
    pub fn open(
        settings: &OutsideSettings,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, BadSettings> {
        let shared = settings.redis.as_ref().map(|url| SharedBreakers::at(url.expose())).transpose()?;
        let named_by_others = settings.targets;
        let client = |reach| {
            let client = HttpClient::within(reach, Arc::clone(&resolver));
            client.map_err(|error| BadSettings(vec![("OUTSIDE_TARGETS", error)]))
        };
        let (to_ours, to_others) = (client(Reach::Anywhere)?, client(named_by_others)?);
        let (local, budget) = (LocalBreakers::default(), RetryBudget::default());
        Ok(Self { clock, resolver, local, shared, budget, named_by_others, to_ours, to_others })
    }

    /// The client for addresses that stand in our own settings.
    pub fn http(&self) -> &HttpClient {
        &self.to_ours
    }

    /// The client for addresses that somebody else named: it connects to the public internet only.
    pub fn http_to_others(&self) -> &HttpClient {
        &self.to_others
    }

    /// Which addresses [`Outside::http_to_others`] connects to.
    pub fn named_by_others(&self) -> Reach {
        self.named_by_others
    }

    /// Looks a host up as [`Outside::http_to_others`] would: its addresses, if all of them may be connected to.
    pub async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Unreachable> {
        let found = connect::addresses(&*self.resolver, self.named_by_others, host);
        tokio::time::timeout(LOOK_UP, found).await.unwrap_or(Err(Unreachable::NoAddress))
    }

    /// Makes a call: `attempt` is run once, and again while it fails, may be repeated and the budget allows. It fails
    /// when it gives an error, an [`Outcome`] that says so, or nothing in time.
    pub async fn call<T, E, F>(
        &self,
        call: ExternalCall<'_>,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, CallError<E>>
    where
        T: Outcome,
        F: Future<Output = Result<T, E>>,
    {
        self.budget.earn(call.service);
        let mut repeated = 0;
        loop {
            let outcome = self.attempt(&call, repeated, attempt()).await;
            let pause = pause_before(repeated);
            let may_repeat = failed(&outcome)
                && repeated < call.repetitions
                && call.deadline.left() > pause + MARGIN + SHORTEST
                && self.budget.spend(call.service);
            if !may_repeat {
                return outcome;
            }
            tokio::time::sleep(pause).await;
            repeated += 1;
        }
    }

    async fn attempt<T: Outcome, E>(
        &self,
        call: &ExternalCall<'_>,
        repeated: u32,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CallError<E>> {
        let span = telemetry::external_call(call.service, call.operation, repeated);
        let outcome = async {
            if call.deadline.left() < MARGIN + SHORTEST {
                return Err(CallError::OutOfTime);
            }
            let breaker = call.breaker();
            let permit = self.admit(&breaker).await?;
            let limit = call.deadline.less(MARGIN).min(Instant::now() + call.limit);
            let outcome = match tokio::time::timeout_at(limit, attempt).await {
                Ok(outcome) => outcome.map_err(CallError::Failed),
                Err(_) => Err(CallError::TimedOut),
            };
            self.settle(&breaker, &permit, failed(&outcome)).await;
            outcome
        };
        let outcome = outcome.instrument(span.clone()).await;
        match &outcome {
            Err(error) => telemetry::failed(&span, error.kind()),
            Ok(answer) if answer.is_failure() => telemetry::failed(&span, "answered_failure"),
            Ok(_) => {}
        }
        outcome
    }

    /// Asks the shared breaker; when it does not say, the process's own.
    async fn admit<E>(&self, breaker: &str) -> Result<Permit, CallError<E>> {
        let now = self.now();
        let shared = match &self.shared {
            Some(shared) => shared.admit(breaker, now).await,
            None => None,
        };
        let permit = Permit {
            admission: shared.unwrap_or_else(|| self.local.admit(breaker, now)),
            shared: shared.is_some(),
        };
        match permit.admission {
            Admission::Refused(wait) => Err(CallError::BreakerOpen(wait)),
            Admission::Admitted | Admission::Probe(_) => Ok(permit),
        }
    }

    /// Tells the breaker that admitted the call how it ended; when the shared one does not listen, the process's own.
    async fn settle(&self, breaker: &str, permit: &Permit, failed: bool) {
        let now = self.now();
        match &self.shared {
            Some(shared) if permit.shared => {
                if shared.settle(breaker, now, permit.admission, failed).await.is_none() {
                    self.local.settle(breaker, now, Admission::Admitted, failed);
                }
            }
            _ => self.local.settle(breaker, now, permit.admission, failed),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

fn failed<T: Outcome, E>(outcome: &Result<T, CallError<E>>) -> bool {
    match outcome {
        Ok(answer) => answer.is_failure(),
        Err(error) => error.is_failure(),
    }
}

/// 50 ms, 100 ms, 200 ms …, each half by chance: those who failed together are not to come back together.
fn pause_before(repeated: u32) -> Duration {
    let whole = Duration::from_millis(50).saturating_mul(1 << repeated.min(6));
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}
