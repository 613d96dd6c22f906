use super::db;
use super::logic::{self, Discarded, Leased, Outcomes};
use crate::subscription::{Subscription, subscriptions};
use futures_util::future::join_all;
use shared::background::{ATTEMPTS, Progress, WorkerRun};
use shared::failure::{Error, Fault, NoFailure};
use shared::outbox::{Message, OutboxRun, Queue, Queues, SendError, Stream};
use std::collections::BTreeMap;

/// Leases, sends, settles.
pub(super) async fn step(run: &WorkerRun<'_, Queues>) -> Result<Progress, Fault> {
    let (queues, subscriptions) = (&**run.parts, subscriptions()?);
    let bookmark = run.bookmark();
    let (leased, replays) = lease(run, &bookmark).await?;
    run.put_bookmark(leased.last().map(|row| row.event.stream()).unwrap_or_default());
    if leased.is_empty() && replays.is_empty() {
        // Nothing is due behind the bookmark; something may be due before it.
        return Ok(if bookmark == Stream::default() { Progress::Idle } else { Progress::Done(0) });
    }
    let outcomes = send(queues, subscriptions, &leased).await;
    let settlement = logic::settle(&leased, &outcomes);
    let replayed = replay(queues, &replays).await;

    let now = run.now();
    let mut tx = run.write();
    for statement in db::settle(&settlement, now) {
        tx.add(statement);
    }
    let (taken, refused) = (replayed.taken, replayed.refused);
    if !taken.is_empty() {
        let (consumers, events): (_, Vec<_>) = taken.into_iter().unzip();
        tx.add(db::note_resent(events.clone(), now));
        tx.add(db::redrive(consumers, events));
    }
    if !refused.is_empty() {
        let (keys, reasons): (Vec<_>, Vec<_>) = refused.into_iter().unzip();
        let (consumers, events) = keys.into_iter().unzip();
        tx.add(db::discard_again(consumers, events, reasons));
    }
    tx.commit::<NoFailure>().await.map_err(fault)?;
    let done = OutboxRun {
        oldest: logic::age(&leased, now),
        sent: settlement.sent.len() as u64,
        failed: settlement.failed() as u64,
    };
    done.log("outbox-relay");
    if logic::is_unreachable(&outcomes) {
        return Err(Fault::internal("a queue does not answer"));
    }
    Ok(Progress::Done(settlement.moved() + replays.len()))
}

async fn lease(run: &WorkerRun<'_, Queues>, after: &Stream) -> Result<(Vec<Leased>, Vec<Discarded>), Fault> {
    let now = run.now();
    let mut tx = run.write();
    let rows = tx.add(db::lease(after, now));
    let replays = tx.add(db::lease_replays(now));
    let done = tx.commit::<NoFailure>().await.map_err(fault)?;
    Ok((logic::in_order(done.many(&rows)?), done.many(&replays)?))
}

fn fault(error: Error<NoFailure>) -> Fault {
    error.into()
}

/// Sends each event to every consumer that hears it, to all queues at once.
async fn send(queues: &dyn Queue, subscriptions: &[Subscription], leased: &[Leased]) -> Outcomes {
    let sending = subscriptions.iter().filter_map(|subscription| {
        let heard = leased.iter().filter(|row| subscription.kinds.contains(&row.event.kind));
        let batch: Vec<_> = heard
            .map(|row| Message { event: row.event.clone(), replay: 0, attempt: row.attempts + 1 })
            .collect();
        let (consumer, is_heard) = (&subscription.consumer, !batch.is_empty());
        let sending = async move {
            let outcomes = queues.send(consumer, &batch).await;
            let ids: Vec<_> = batch.into_iter().map(|message| message.event.id).collect();
            (consumer, ids.into_iter().zip(outcomes))
        };
        is_heard.then_some(sending)
    });
    let mut all = Outcomes::new();
    for (consumer, outcomes) in join_all(sending).await {
        for (event, outcome) in outcomes {
            all.entry(event).or_default().push((consumer.clone(), outcome));
        }
    }
    all
}

type Key = (String, uuid::Uuid);

/// The dead letters sent again, by their outcome.
#[derive(Debug, Default)]
struct Replayed {
    taken: Vec<Key>,
    refused: Vec<(Key, String)>,
}

/// Sends dead letters once more, each to its own consumer alone. A dead letter without an answer stays on lease, and is
/// sent again when the lease has run out.
async fn replay(queues: &dyn Queue, letters: &[Discarded]) -> Replayed {
    let mut by_consumer: BTreeMap<&str, Vec<Message>> = BTreeMap::new();
    for letter in letters {
        let message = Message { event: letter.event.clone(), replay: letter.replays, attempt: ATTEMPTS };
        by_consumer.entry(&letter.consumer).or_default().push(message);
    }
    let mut replayed = Replayed::default();
    for (consumer, mut batch) in by_consumer {
        batch.sort_by_cached_key(|message| (message.event.stream(), message.event.seq));
        let outcomes = queues.send(consumer, &batch).await;
        for (message, outcome) in batch.iter().zip(outcomes) {
            let key = (consumer.to_owned(), message.event.id);
            match outcome {
                Ok(()) => replayed.taken.push(key),
                Err(SendError::Refused(reason)) => replayed.refused.push((key, reason)),
                Err(SendError::Held) => replayed.refused.push((key, "one before it was refused".to_owned())),
                Err(SendError::Unreachable) => {}
            }
        }
    }
    replayed
}
