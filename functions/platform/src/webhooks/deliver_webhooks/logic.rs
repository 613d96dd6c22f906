//! The shares of the places, the body of a delivery, and its fate.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The most deliveries under way in a run.
pub(super) const PLACES: usize = 64;

/// The most of them to one endpoint.
pub(super) const OF_AN_ENDPOINT: i64 = 2;

/// The most of them to the endpoints of one clinic.
pub(super) const OF_A_CLINIC: i64 = 8;

/// The most of them to one host.
pub(super) const OF_A_HOST: i64 = 16;

/// The last places, which go to clinics that have none: a clinic that keeps its places for long leaves some to others.
pub(super) const FOR_THE_FIRST: usize = 16;

/// The place that a delivery under way takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) clinic: Uuid,
    pub(super) endpoint: Uuid,
    /// The host in the endpoint's address, with its port unless that is the scheme's own.
    pub(super) host: String,
}

/// How long after a failed attempt the next one is made: the specification's table.
const TABLE: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// A delivery on lease.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) place: Place,
    pub(super) id: Uuid,
    pub(super) event: Uuid,
    pub(super) kind: String,
    pub(super) ids: Value,
    pub(super) occurred_at: Timestamp,
    /// The number of attempts that failed so far.
    pub(super) attempts: i64,
    pub(super) url: String,
    /// Whether the endpoint still wants this delivery.
    pub(super) is_wanted: bool,
    /// The current secret first.
    pub(super) secrets: Vec<Vec<u8>>,
}

impl Delivery {
    /// The body: ids and no more, the same at each attempt.
    pub(super) fn body(&self) -> Vec<u8> {
        let payload = Payload { kind: &self.kind, timestamp: self.occurred_at, data: &self.ids };
        // The payload is texts and ids, which JSON always holds.
        serde_json::to_vec(&payload).unwrap_or_default()
    }
}

/// The JSON that is posted.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// When the change happened, not when the delivery is sent.
    timestamp: Timestamp,
    data: &'a Value,
}

/// The outcome of sending a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The endpoint answered with this status.
    Answered(u16),
    /// Nobody answered, or not in time.
    Unanswered,
    /// Not sent: the endpoint failed too often lately. The next attempt may be made after this time.
    HeldBack(SignedDuration),
    /// Not sent: the endpoint was deleted or disabled meanwhile.
    Unwanted,
}

/// The next state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    /// `waiting`, `delivered`, `failed` or `dropped`.
    pub(super) state: &'static str,
    pub(super) attempts: i64,
    /// When the delivery is due again.
    pub(super) due_at: Timestamp,
    /// The status of this attempt, when there was one and somebody answered.
    pub(super) status: Option<u16>,
    /// Whether the endpoint wants no delivery any more.
    pub(super) is_gone: bool,
}

/// The fate of a delivery with so many failed attempts. `chance`, from 0 to 1, makes the wait up to a tenth longer, so
/// that deliveries that failed together do not come back together.
pub(super) fn fate(attempts: i64, sent: Sent, now: Timestamp, chance: f64) -> Fate {
    let (status, attempted) = match sent {
        Sent::Answered(status) => (Some(status), attempts + 1),
        Sent::Unanswered => (None, attempts + 1),
        Sent::HeldBack(_) | Sent::Unwanted => (None, attempts),
    };
    let fate = Fate { state: "waiting", attempts: attempted, due_at: now, status, is_gone: false };
    match sent {
        Sent::Answered(200..=299) => Fate { state: "delivered", ..fate },
        Sent::Answered(410) => Fate { state: "dropped", is_gone: true, ..fate },
        Sent::Unwanted => Fate { state: "dropped", ..fate },
        Sent::HeldBack(wait) => Fate { due_at: now + wait, ..fate },
        Sent::Answered(_) | Sent::Unanswered => match pause_after(attempted) {
            Some(pause) => Fate { due_at: now + pause + pause.mul_f64(chance / 10.0), ..fate },
            None => Fate { state: "failed", ..fate },
        },
    }
}

/// The wait after so many failed attempts; none after the last.
fn pause_after(attempts: i64) -> Option<SignedDuration> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    TABLE.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn any_2xx_has_arrived_and_a_redirect_has_not() {
        for status in [200, 204, 299] {
            assert_eq!(fate(0, Sent::Answered(status), NOW, 0.0).state, "delivered", "{status}");
        }
        for status in [199, 301, 307, 400, 404, 429, 500] {
            let fate = fate(0, Sent::Answered(status), NOW, 0.0);
            assert_eq!((fate.state, fate.status, fate.attempts), ("waiting", Some(status), 1), "{status}");
        }
    }

    #[test]
    fn it_is_tried_ten_times_by_the_table() {
        let mut waits = Vec::new();
        let mut attempts = 0;
        let last = loop {
            let fate = fate(attempts, Sent::Unanswered, NOW, 0.0);
            attempts = fate.attempts;
            if fate.state != "waiting" {
                break fate;
            }
            waits.push(fate.due_at.as_second());
        };
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!((last.state, last.attempts), ("failed", 10));
    }

    #[test]
    fn chance_makes_waiting_up_to_a_tenth_longer() {
        assert_eq!(fate(1, Sent::Unanswered, NOW, 1.0).due_at.as_second(), 330);
        assert_eq!(fate(1, Sent::Unanswered, NOW, 0.5).due_at.as_second(), 315);
    }

    #[test]
    fn who_is_gone_is_left_alone() {
        let gone = fate(3, Sent::Answered(410), NOW, 0.0);
        assert_eq!((gone.state, gone.is_gone), ("dropped", true));
        assert_eq!(fate(3, Sent::Unwanted, NOW, 0.0).state, "dropped");
    }

    #[test]
    fn what_is_held_back_costs_no_attempt() {
        let held = fate(2, Sent::HeldBack(SignedDuration::from_secs(30)), NOW, 1.0);
        assert_eq!((held.state, held.attempts, held.due_at.as_second()), ("waiting", 2, 30));
    }

    #[test]
    fn the_body_says_what_when_and_about_which_things() {
        let delivery = Delivery {
            place: Place { clinic: Uuid::nil(), endpoint: Uuid::nil(), host: String::new() },
            id: Uuid::nil(),
            event: Uuid::nil(),
            kind: "patient.created".to_owned(),
            ids: json!({ "patientId": Uuid::nil() }),
            occurred_at: NOW,
            attempts: 0,
            url: String::new(),
            is_wanted: true,
            secrets: Vec::new(),
        };
        let body = String::from_utf8(delivery.body()).unwrap();
        assert_eq!(
            body,
            "{\"type\":\"patient.created\",\"timestamp\":\"1970-01-01T00:00:00Z\",\
             \"data\":{\"patientId\":\"00000000-0000-0000-0000-000000000000\"}}"
        );
    }
}
