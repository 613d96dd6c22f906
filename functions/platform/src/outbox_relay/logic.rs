//! Pure decisions of the relay: from the outcome of sending to the next state of a row.

use jiff::Timestamp;
use shared::background::ATTEMPTS;
use shared::outbox::{Event, SendError, Stream};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// A row of the outbox on lease.
#[derive(Debug)]
pub(super) struct Leased {
    pub(super) event: Event,
    pub(super) attempts: i64,
}

/// A dead letter to be replayed.
#[derive(Debug)]
pub(super) struct Discarded {
    pub(super) consumer: String,
    pub(super) event: Event,
    pub(super) replays: i64,
}

/// An event that a consumer refused too often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dead {
    pub(super) consumer: String,
    pub(super) event: Uuid,
    pub(super) reason: String,
}

/// The next states of the rows on lease.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settlement {
    /// Every queue has the event.
    pub(super) sent: Vec<Uuid>,
    /// To be tried again later.
    pub(super) refused: Vec<Uuid>,
    /// Leased and not sent: to be taken again at once.
    pub(super) unsent: Vec<Uuid>,
    /// Refused too often.
    pub(super) dead: Vec<Dead>,
}

impl Settlement {
    /// The number of rows that some queue did not take.
    pub(super) fn failed(&self) -> usize {
        self.refused.len() + self.unsent.len() + self.dead.len()
    }

    /// The number of rows that were marked or postponed.
    pub(super) fn moved(&self) -> usize {
        self.sent.len() + self.refused.len()
    }
}

/// The outcomes of one event, with the consumer of each queue.
pub(super) type OfRow = Vec<(String, Result<(), SendError>)>;

/// The outcomes of each event.
pub(super) type Outcomes = BTreeMap<Uuid, OfRow>;

/// The rows in the order of their streams.
pub(super) fn in_order(mut leased: Vec<Leased>) -> Vec<Leased> {
    leased.sort_by_cached_key(|row| (row.event.stream(), row.event.seq, row.event.id));
    leased
}

/// The next state of each row. A stream goes no further than its first row that some queue does not have.
pub(super) fn settle(leased: &[Leased], outcomes: &Outcomes) -> Settlement {
    let mut settlement = Settlement::default();
    let mut stopped: Option<Stream> = None;
    for row in leased {
        let stream = row.event.stream();
        if stopped.as_ref() == Some(&stream) {
            continue;
        }
        let none = Vec::new();
        let of_row = outcomes.get(&row.event.id).unwrap_or(&none);
        let is_held = of_row
            .iter()
            .any(|(_, outcome)| matches!(outcome, Err(SendError::Held | SendError::Unreachable)));
        let refusals = of_row.iter().filter_map(|(consumer, outcome)| match outcome {
            Err(SendError::Refused(reason)) => Some((consumer, reason)),
            _ => None,
        });
        let refusals: Vec<_> = refusals.collect();
        let id = row.event.id;
        if is_held {
            settlement.unsent.push(id);
            stopped = Some(stream);
        } else if refusals.is_empty() {
            settlement.sent.push(id);
        } else if row.attempts + 1 < ATTEMPTS {
            settlement.refused.push(id);
            stopped = Some(stream);
        } else {
            settlement.sent.push(id);
            settlement.dead.extend(refusals.into_iter().map(|(consumer, reason)| Dead {
                consumer: consumer.clone(),
                event: id,
                reason: reason.clone(),
            }));
        }
    }
    settlement
}

/// The age of the oldest row.
pub(super) fn age(leased: &[Leased], now: Timestamp) -> Duration {
    let oldest = leased.iter().map(|row| row.event.created_at).min();
    oldest.and_then(|oldest| Duration::try_from(now.duration_since(oldest)).ok()).unwrap_or_default()
}

/// Whether a queue did not answer: then the run stops.
pub(super) fn is_unreachable(outcomes: &Outcomes) -> bool {
    outcomes.values().flatten().any(|(_, outcome)| *outcome == Err(SendError::Unreachable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn row(stream: u128, seq: i64, attempts: i64) -> Leased {
        let event = Event {
            id: Uuid::from_u128(stream * 100 + u128::try_from(seq).unwrap()),
            clinic_id: Uuid::nil(),
            aggregate: "thing".to_owned(),
            aggregate_id: Uuid::from_u128(stream),
            seq,
            kind: "thing.changed".to_owned(),
            ids: BTreeMap::new(),
            traceparent: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        Leased { event, attempts }
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn outcome(number: u128, outcome: Result<(), SendError>) -> (Uuid, OfRow) {
        (id(number), vec![("consumer".to_owned(), outcome)])
    }

    fn refused() -> Result<(), SendError> {
        Err(SendError::Refused("why".to_owned()))
    }

    #[test]
    fn the_age_is_that_of_the_oldest_row() {
        let mut rows = [row(1, 1, 0), row(2, 1, 0)];
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(90);
        rows[0].event.created_at = now;
        assert_eq!(age(&rows, now), Duration::from_secs(90));
        assert_eq!(age(&[], now), Duration::ZERO);
    }

    #[test]
    fn what_nobody_hears_is_sent() {
        let settlement = settle(&[row(1, 1, 0)], &Outcomes::new());
        assert_eq!(settlement, Settlement { sent: vec![id(101)], ..Settlement::default() });
    }

    #[test]
    fn a_stream_stops_at_its_first_failure_and_others_go_on() {
        let leased = in_order(vec![row(2, 1, 0), row(1, 2, 0), row(1, 1, 0), row(1, 3, 0)]);
        let outcomes = Outcomes::from([
            outcome(101, Ok(())),
            outcome(102, refused()),
            outcome(103, Err(SendError::Held)),
            outcome(201, Ok(())),
        ]);
        let settlement = settle(&leased, &outcomes);
        assert_eq!((settlement.sent, settlement.refused), (vec![id(101), id(201)], vec![id(102)]));
        assert!(settlement.dead.is_empty() && settlement.unsent.is_empty());
    }

    #[test]
    fn the_fifth_refusal_makes_a_dead_letter_of_those_who_refused() {
        let leased = [row(1, 1, 4), row(1, 2, 0)];
        let both = vec![("good".to_owned(), Ok(())), ("bad".to_owned(), refused())];
        let outcomes = Outcomes::from([(id(101), both), outcome(102, Err(SendError::Held))]);
        let settlement = settle(&leased, &outcomes);
        assert_eq!((settlement.sent.clone(), settlement.unsent.clone()), (vec![id(101)], vec![id(102)]));
        let dead = Dead { consumer: "bad".to_owned(), event: id(101), reason: "why".to_owned() };
        assert_eq!((settlement.moved(), settlement.dead), (1, vec![dead]));
        let fourth = settle(&[row(1, 1, 3)], &Outcomes::from([outcome(101, refused())]));
        assert_eq!((fourth.refused, fourth.dead), (vec![id(101)], vec![]));
    }

    #[test]
    fn a_queue_that_does_not_answer_costs_no_attempt() {
        let outcomes = Outcomes::from([outcome(101, Err(SendError::Unreachable))]);
        let settlement = settle(&[row(1, 1, 4)], &outcomes);
        assert_eq!(settlement, Settlement { unsent: vec![id(101)], ..Settlement::default() });
        assert!(is_unreachable(&outcomes) && settlement.moved() == 0);
        assert!(!is_unreachable(&Outcomes::from([outcome(101, refused())])));
    }
}
