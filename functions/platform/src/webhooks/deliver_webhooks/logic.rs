//! The shares of the places, the body of a delivery, and its fate.

use crate::webhooks::kind::TEST;
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

/// The most calls a minute to one host.
pub(super) const TO_A_HOST: u32 = 480;

/// The most of them for one clinic.
pub(super) const FOR_A_CLINIC: u32 = 120;

/// The place that a delivery under way takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) clinic: Uuid,
    pub(super) endpoint: Uuid,
    /// The host in the endpoint's address, with its port unless that is the scheme's own.
    pub(super) host: String,
}

impl Place {
    /// The name that the calls of one clinic to one host are counted by.
    pub(super) fn clinic_at_host(&self) -> String {
        format!("{} {}", self.host, self.clinic)
    }
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

/// Likewise for the test of a new endpoint, within about a day: quicker at first, as somebody may wait for it.
const TABLE_OF_TESTS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(4),
    SignedDuration::from_hours(8),
    SignedDuration::from_hours(8),
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
    /// Not sent: the endpoint failed too often lately, or its host is called often enough. The next attempt may be made
    /// after this time.
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
    /// What becomes of the endpoint.
    pub(super) switch: Option<Switch>,
}

/// What becomes of an endpoint by the fate of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    /// It has answered its test: it is active.
    On,
    /// It wants no delivery any more: it is disabled.
    Off,
    /// It has not answered its test in all that time: it is disabled, if it is pending still.
    OffIfPending,
}

/// The fate of a delivery of this kind with so many failed attempts. `chance`, from 0 to 1, makes the wait up to a tenth
/// longer, so that deliveries that failed together do not come back together.
pub(super) fn fate(kind: &str, attempts: i64, sent: Sent, now: Timestamp, chance: f64) -> Fate {
    let (status, attempted) = match sent {
        Sent::Answered(status) => (Some(status), attempts + 1),
        Sent::Unanswered => (None, attempts + 1),
        Sent::HeldBack(_) | Sent::Unwanted => (None, attempts),
    };
    let fate = Fate { state: "waiting", attempts: attempted, due_at: now, status, switch: None };
    let is_test = kind == TEST;
    match sent {
        Sent::Answered(200..=299) => {
            Fate { state: "delivered", switch: is_test.then_some(Switch::On), ..fate }
        }
        Sent::Answered(410) => Fate { state: "dropped", switch: Some(Switch::Off), ..fate },
        Sent::Unwanted => Fate { state: "dropped", ..fate },
        Sent::HeldBack(wait) => Fate { due_at: now + wait, ..fate },
        Sent::Answered(_) | Sent::Unanswered => match pause_after(is_test, attempted) {
            Some(pause) => Fate { due_at: now + pause + pause.mul_f64(chance / 10.0), ..fate },
            None => Fate { state: "failed", switch: is_test.then_some(Switch::OffIfPending), ..fate },
        },
    }
}

/// The wait after so many failed attempts; none after the last.
fn pause_after(is_test: bool, attempts: i64) -> Option<SignedDuration> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let table = if is_test { TABLE_OF_TESTS } else { TABLE };
    table.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// The fate of a delivery of an event.
    fn fate(attempts: i64, sent: Sent, now: Timestamp, chance: f64) -> Fate {
        super::fate("patient.created", attempts, sent, now, chance)
    }

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
    fn a_test_is_tried_ten_times_within_about_a_day_and_then_the_endpoint_is_disabled() {
        let (mut attempts, mut waited) = (0, 0);
        let last = loop {
            let fate = super::fate(TEST, attempts, Sent::Answered(500), NOW, 0.0);
            attempts = fate.attempts;
            if fate.state != "waiting" {
                break fate;
            }
            assert_eq!(fate.switch, None);
            waited += fate.due_at.as_second();
        };
        assert_eq!((last.state, last.attempts, last.switch), ("failed", 10, Some(Switch::OffIfPending)));
        assert!((23 * 3_600..=24 * 3_600).contains(&waited), "{waited}");
    }

    #[test]
    fn a_test_that_is_answered_switches_the_endpoint_on_and_an_event_does_not() {
        assert_eq!(super::fate(TEST, 0, Sent::Answered(204), NOW, 0.0).switch, Some(Switch::On));
        assert_eq!(super::fate(TEST, 0, Sent::Answered(410), NOW, 0.0).switch, Some(Switch::Off));
        assert_eq!(super::fate(TEST, 9, Sent::Unwanted, NOW, 0.0).switch, None);
        assert_eq!(fate(0, Sent::Answered(204), NOW, 0.0).switch, None);
        assert_eq!(fate(9, Sent::Answered(500), NOW, 0.0).switch, None);
    }

    #[test]
    fn chance_makes_waiting_up_to_a_tenth_longer() {
        assert_eq!(fate(1, Sent::Unanswered, NOW, 1.0).due_at.as_second(), 330);
        assert_eq!(fate(1, Sent::Unanswered, NOW, 0.5).due_at.as_second(), 315);
    }

    #[test]
    fn who_is_gone_is_left_alone() {
        let gone = fate(3, Sent::Answered(410), NOW, 0.0);
        assert_eq!((gone.state, gone.switch), ("dropped", Some(Switch::Off)));
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
