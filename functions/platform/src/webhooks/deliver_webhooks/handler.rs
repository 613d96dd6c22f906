use super::db;
use super::logic::{Delivery, FOR_A_CLINIC, Fate, PLACES, Place, Sent, Switch, TO_A_HOST, fate};
use crate::webhooks::signing::signatures;
use crate::webhooks::switch::{self, Switched};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use shared::access::random;
use shared::background::{Progress, WorkerRun};
use shared::deadline::Deadline;
use shared::external::{CallError, ExternalCall, ExternalCalls, HttpError, Pace};
use shared::failure::{Error, Fault, NoFailure};
use shared::telemetry::VERSION;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};

/// How long an endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long a worker keeps a lease, reckoned from what sending may take. A worker that dies is overtaken afterwards.
const LEASE: Duration = TIMEOUT.saturating_mul(4);

/// With less time than this left of the run no delivery is begun: there is time to send it and to note the outcome.
pub(super) const ENOUGH: Duration = TIMEOUT.saturating_add(Duration::from_secs(5));

/// How long new work waits at most while no call comes back.
const LOOK: Duration = Duration::from_millis(500);

/// Deliveries that came back, each with its fate.
type Returned = Vec<(Delivery, Fate)>;

/// Keeps deliveries under way until none is due any more or the time is nearly over.
pub(super) async fn step(run: &WorkerRun<'_, ExternalCalls>) -> Result<Progress, Fault> {
    let mut under_way = UnderWay { run, sending: JoinSet::new(), taken: HashMap::new() };
    let mut returned = Returned::new();
    let mut done = 0;
    loop {
        done += returned.len();
        let leased = exchange(&under_way, &returned).await?;
        under_way.begin(leased);
        if under_way.sending.is_empty() {
            break;
        }
        returned = under_way.some().await;
    }
    if done > 0 {
        return Ok(Progress::Done(done));
    }
    tidy(run).await?;
    Ok(Progress::Idle)
}

/// Deliveries that are being sent.
struct UnderWay<'a> {
    run: &'a WorkerRun<'a, ExternalCalls>,
    sending: JoinSet<(Delivery, Fate)>,
    /// The place of each of them.
    taken: HashMap<Id, Place>,
}

impl UnderWay<'_> {
    /// The number of deliveries that may still be begun.
    fn free(&self) -> usize {
        if self.run.left() < ENOUGH { 0 } else { PLACES.saturating_sub(self.taken.len()) }
    }

    fn begin(&mut self, leased: Vec<Delivery>) {
        for delivery in leased {
            let (external, clock) = (Arc::clone(self.run.parts), Arc::clone(&self.run.app.clock));
            let deadline = Deadline::of_work(self.run.until);
            let place = delivery.place.clone();
            let begun = self.sending.spawn(async move {
                let sent = send(&external, &delivery, clock.now(), deadline).await;
                let fate = fate(&delivery.kind, delivery.attempts, sent, clock.now(), random::fraction());
                (delivery, fate)
            });
            self.taken.insert(begun.id(), place);
        }
    }

    /// Waits for a delivery to come back, not for long, and takes all that are back by then.
    async fn some(&mut self) -> Returned {
        let mut returned = Returned::new();
        let first = tokio::time::timeout(LOOK, self.sending.join_next_with_id()).await;
        let mut next = first.ok().flatten();
        while let Some(back) = next {
            let id = back.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            self.taken.remove(&id);
            returned.extend(back.map(|(_, delivered)| delivered));
            next = self.sending.try_join_next_with_id();
        }
        returned
    }
}

/// Notes the returned deliveries and leases as many as may be begun, in one flush.
async fn exchange(under_way: &UnderWay<'_>, returned: &Returned) -> Result<Vec<Delivery>, Fault> {
    let (run, now) = (under_way.run, under_way.run.now());
    let free = under_way.free();
    if free == 0 && returned.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = run.write();
    let (on, off) = switched(run, returned);
    if !on.is_empty() {
        tx.add(switch::activate_endpoints(&on, now));
    }
    if !off.is_empty() {
        tx.add(switch::disable_endpoints(&off, now));
    }
    if !returned.is_empty() {
        tx.add(db::settle(returned, now));
    }
    if !off.is_empty() {
        tx.add(switch::drop_deliveries(&off, now));
    }
    let taken: Vec<&Place> = under_way.taken.values().collect();
    let lease = || db::lease(free, &taken, run.parts.used_up(), now, now + LEASE);
    let leased = (free > 0).then(|| tx.add(lease()));
    let done = tx.commit::<NoFailure>().await.map_err(fault)?;
    leased.map_or(Ok(Vec::new()), |leased| done.many(&leased))
}

/// The endpoints to be switched on, and those to be switched off.
fn switched(run: &WorkerRun<'_, ExternalCalls>, returned: &Returned) -> (Vec<Switched>, Vec<Switched>) {
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for (delivery, fate) in returned {
        let Some(switch) = fate.switch else { continue };
        let switched = Switched {
            clinic: delivery.place.clinic,
            endpoint: delivery.place.endpoint,
            delivery: delivery.id,
            audit: run.new_id(),
            only_pending: switch == Switch::OffIfPending,
        };
        if switch == Switch::On { on.push(switched) } else { off.push(switched) }
    }
    (on, off)
}

/// Sends a delivery, outside any transaction. `now` is the time in the signature.
async fn send(external: &ExternalCalls, delivery: &Delivery, now: Timestamp, deadline: Deadline) -> Sent {
    if !delivery.is_wanted {
        return Sent::Unwanted;
    }
    // The lease took so long that the endpoint would be cut short.
    if deadline.left() < TIMEOUT {
        return Sent::HeldBack(SignedDuration::ZERO);
    }
    // Only an address that was good once can fail to make a request; the delivery is tried again like any other.
    let Some(request) = request(delivery, now) else { return Sent::Unanswered };
    let target = delivery.place.endpoint.to_string();
    let own = delivery.place.clinic_at_host();
    let paces = [
        Pace { name: &delivery.place.host, a_minute: TO_A_HOST },
        Pace { name: &own, a_minute: FOR_A_CLINIC },
    ];
    let call = ExternalCall::new("webhook", "deliver", TIMEOUT, deadline).target(&target).paced(&paces);
    let client = external.http_to_others();
    let answered: Result<StatusCode, CallError<HttpError>> =
        external.call(call, || client.status(request.clone())).await;
    match answered {
        Ok(status) => Sent::Answered(status.as_u16()),
        Err(CallError::TimedOut | CallError::Failed(_)) => Sent::Unanswered,
        Err(CallError::BreakerOpen(wait) | CallError::Paced(wait)) => {
            Sent::HeldBack(SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(30)))
        }
        Err(CallError::OutOfTime) => Sent::HeldBack(SignedDuration::ZERO),
    }
}

fn request(delivery: &Delivery, now: Timestamp) -> Option<Request<Bytes>> {
    let (body, timestamp) = (delivery.body(), now.as_second());
    Request::post(&delivery.url)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, format!("Grafono-Webhooks/{VERSION}"))
        .header("webhook-id", delivery.event.to_string())
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures(&delivery.secrets, delivery.event, timestamp, &body))
        .body(Bytes::from(body))
        .ok()
}

async fn tidy(run: &WorkerRun<'_, ExternalCalls>) -> Result<(), Fault> {
    let now = run.now();
    let mut tx = run.write();
    tx.add(db::delete_old_deliveries(now));
    tx.add(db::delete_old_secrets(now));
    tx.commit::<NoFailure>().await.map_err(fault)?;
    Ok(())
}

fn fault(error: Error<NoFailure>) -> Fault {
    error.into()
}
