//! The gate that every call to another service passes: time-out, pace, breaker, retry budget, span.

use super::breaker::{Admission, LocalBreakers};
use super::budget::RetryBudget;
use super::call::{CallError, ExternalCall, Outcome};
use super::pace::Paces;
use crate::access::random;
use crate::clock::Clock;
use crate::telemetry::{self, Instrument as _};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The time before the deadline that is kept for noting a call's end and for answering.
const MARGIN: Duration = Duration::from_millis(300);

/// With less time than this no attempt is begun.
const SHORTEST: Duration = Duration::from_millis(100);

/// Breakers that several processes share.
pub(super) trait CommonBreakers: Send + Sync {
    /// The breaker's answer to a call; `None` when the breakers cannot be reached.
    fn admit<'a>(&'a self, breaker: &'a str, now: i64) -> BoxFuture<'a, Option<Admission>>;

    /// Notes the end of a call; `None` when the breakers cannot be reached.
    fn settle<'a>(
        &'a self,
        breaker: &'a str,
        now: i64,
        admission: Admission,
        failed: bool,
    ) -> BoxFuture<'a, Option<()>>;
}

/// The gate that every call passes.
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    local: LocalBreakers,
    common: Option<Box<dyn CommonBreakers>>,
    paces: Paces,
    budget: RetryBudget,
}

/// The admission of a call, and whether the common breaker gave it.
struct Permit {
    admission: Admission,
    common: bool,
}

impl Gate {
    /// A gate whose breakers are this process's own.
    pub(crate) fn alone(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            local: LocalBreakers::default(),
            common: None,
            paces: Paces::default(),
            budget: RetryBudget::default(),
        }
    }

    /// With breakers that other processes share.
    pub(super) fn sharing(self, common: Box<dyn CommonBreakers>) -> Self {
        Self { common: Some(common), ..self }
    }

    /// Makes a call: runs `attempt`, and runs it again while it fails and repetitions and budget are left. An attempt
    /// fails by an error, by an [`Outcome`] that is a failure, or by its time-out.
    pub(crate) async fn call<T, E, F>(
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
            self.paces.take(call.paces, self.now()).map_err(CallError::Paced)?;
            let permit = self.admit(&breaker).await.inspect_err(|_| self.paces.give_back(call.paces))?;
            let limit = call.deadline.less(MARGIN).min(Instant::now() + call.timeout);
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

    /// Asks the common breaker; without its answer the process's own.
    async fn admit<E>(&self, breaker: &str) -> Result<Permit, CallError<E>> {
        let now = self.now();
        let common = match &self.common {
            Some(common) => common.admit(breaker, now).await,
            None => None,
        };
        let permit = Permit {
            admission: common.unwrap_or_else(|| self.local.admit(breaker, now)),
            common: common.is_some(),
        };
        match permit.admission {
            Admission::Refused(wait) => Err(CallError::BreakerOpen(wait)),
            Admission::Admitted | Admission::Probe(_) => Ok(permit),
        }
    }

    /// Notes the end of a call at the breaker that admitted it; without the common breaker's answer at the process's
    /// own.
    async fn settle(&self, breaker: &str, permit: &Permit, failed: bool) {
        let now = self.now();
        match &self.common {
            Some(common) if permit.common => {
                if common.settle(breaker, now, permit.admission, failed).await.is_none() {
                    self.local.settle(breaker, now, Admission::Admitted, failed);
                }
            }
            _ => self.local.settle(breaker, now, permit.admission, failed),
        }
    }

    /// The names of the paces that are used up now.
    pub(super) fn used_up(&self) -> Vec<String> {
        self.paces.used_up(self.now())
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

/// The pause before a repetition: 50 ms, 100 ms, 200 ms …, half of it by chance, so that calls that failed together do
/// not come back together.
fn pause_before(repeated: u32) -> Duration {
    let whole = Duration::from_millis(50).saturating_mul(1 << repeated.min(6));
    whole.mul_f64(0.5 + random::fraction() / 2.0)
}
