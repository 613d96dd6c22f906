//! SendGrid's events about mails: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.

use super::schema::SendgridEvent;
use crate::mail::returns::{BounceReport, Return};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::cmp::Reverse;

/// The most events of one request. SendGrid gathers 768 KiB, and its shortest event is longer than 260 bytes.
const MOST: usize = 3000;

/// How old a signature may be. SendGrid repeats a refused request for 24 hours, and does not say that it signs each
/// repetition anew: a shorter time could lose returned mails. The long time costs little: a repeated request changes
/// nothing.
const OLDEST: SignedDuration = SignedDuration::from_hours(25);

/// How far ahead of ours SendGrid's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// SendGrid's reasons never to deliver to an address: the address is malformed, or on one of SendGrid's lists of
/// addresses that get no mail. Every other reason is the mail's or the account's, and another mail may arrive.
const FOR_GOOD: [&str; 4] = ["Bounced Address", "Invalid", "Spam Reporting Address", "Unsubscribed Address"];

/// Why events cannot be read at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The body is no JSON list.
    NoList,
    /// The list is longer than [`MOST`].
    TooMany,
}

/// Whether `timestamp`, in seconds since 1970, is neither too old nor in the future.
pub(super) fn is_timely(timestamp: &str, now: Timestamp) -> bool {
    let signed_at = timestamp.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    signed_at.is_some_and(|at| (-AHEAD..=OLDEST).contains(&now.duration_since(at)))
}

/// The returned mails, in the order to note them: of each mail the gravest event, and of equally grave ones the first.
/// Other events, and events of other mails, are passed over.
pub(super) fn read(body: &[u8]) -> Result<Vec<BounceReport>, Unreadable> {
    let events: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| Unreadable::NoList)?;
    if events.len() > MOST {
        return Err(Unreadable::TooMany);
    }
    let events = events.into_iter().filter_map(|event| serde_json::from_str(event.get()).ok());
    let mut report: Vec<BounceReport> = events.filter_map(|event| report(&event)).collect();
    report.sort_by_key(|report| (report.place(), Reverse(report.what), report.at));
    report.dedup_by_key(|report| report.place());
    Ok(report)
}

fn report(event: &SendgridEvent) -> Option<BounceReport> {
    let what = match (event.event.as_str(), event.kind.as_deref(), event.reason.as_deref()) {
        ("bounce", Some("bounce"), _) => Return::Permanent,
        ("dropped", _, Some(reason)) if FOR_GOOD.contains(&reason) => Return::Permanent,
        // Any other reason, or none, says nothing against the address.
        ("bounce" | "dropped", _, _) => Return::Transient,
        ("spamreport", _, _) => Return::Complaint,
        _ => return None,
    };
    let seconds = event.timestamp.filter(|seconds| *seconds > 0)?;
    Some(BounceReport {
        clinic: event.clinic?,
        mail: event.mail?,
        what,
        at: Timestamp::from_second(seconds).ok()?,
    })
}

/// Whether the event must come again, by the mail's state: a queued mail will be marked as sent in a moment. An unknown
/// mail is not ours, and never will be.
pub(super) fn is_waiting(state: Option<&str>) -> bool {
    state == Some("queued")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const AT: i64 = 1_795_255_200;

    fn event(event: &str, mail: u128) -> Value {
        json!({
            "email": "canary@example.com", "timestamp": AT, "smtp-id": "<canary@example.com>", "event": event,
            "clinic": Uuid::from_u128(1), "mail": Uuid::from_u128(mail),
        })
    }

    fn with(mut event: Value, member: &str, value: impl Into<Value>) -> Value {
        event[member] = value.into();
        event
    }

    fn returns(events: &[Value]) -> Vec<(u128, Return)> {
        let report = read(Value::from(events).to_string().as_bytes()).unwrap();
        assert!(report.iter().all(|report| report.clinic == Uuid::from_u128(1)));
        report.iter().map(|report| (report.mail.as_u128(), report.what)).collect()
    }

    #[test]
    fn a_bounce_is_for_good_when_it_says_so() {
        let bounces = [
            with(event("bounce", 1), "type", "bounce"),
            with(event("bounce", 2), "type", "blocked"),
            with(event("bounce", 3), "type", "new"),
            event("bounce", 4),
        ];
        let expected = [Return::Permanent, Return::Transient, Return::Transient, Return::Transient];
        assert_eq!(returns(&bounces), [1, 2, 3, 4].map(|mail| (mail, expected[mail as usize - 1])));
    }

    #[test]
    fn a_drop_is_for_good_when_it_is_for_the_address() {
        let reasons = [
            ("Bounced Address", Return::Permanent),
            ("Invalid", Return::Permanent),
            ("Spam Reporting Address", Return::Permanent),
            ("Unsubscribed Address", Return::Permanent),
            ("Spam Content", Return::Transient),
            ("Invalid SMTPAPI header", Return::Transient),
            ("Recipient List over Package Quota", Return::Transient),
        ];
        for (reason, what) in reasons {
            assert_eq!(returns(&[with(event("dropped", 1), "reason", reason)]), [(1, what)], "{reason}");
        }
        assert_eq!(returns(&[event("dropped", 1)]), [(1, Return::Transient)]);
    }

    #[test]
    fn a_spam_report_is_a_complaint_and_other_kinds_are_nothing() {
        assert_eq!(returns(&[event("spamreport", 1)]), [(1, Return::Complaint)]);
        for kind in ["processed", "deferred", "delivered", "open", "click", "unsubscribe", "", "Bounce"] {
            assert_eq!(returns(&[event(kind, 1)]), [], "{kind}");
        }
    }

    #[test]
    fn of_each_mail_the_gravest_is_told_and_the_first_of_those() {
        let later = with(event("spamreport", 2), "timestamp", AT + 9);
        let (transient, permanent) = (event("bounce", 2), with(event("bounce", 2), "type", "bounce"));
        let events =
            [later, transient, event("dropped", 3), event("spamreport", 2), permanent, event("dropped", 1)];
        let report = read(Value::from(&events[..]).to_string().as_bytes()).unwrap();
        assert_eq!(report.iter().map(|report| report.mail.as_u128()).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((report[1].what, report[1].at.as_second()), (Return::Complaint, AT));
    }

    #[test]
    fn what_is_no_event_of_a_mail_of_ours_holds_nobody_up() {
        let good = event("spamreport", 7);
        let mut events = vec![json!(null), json!(1), json!("canary"), json!([]), json!({})];
        for (member, value) in [
            ("clinic", json!("canary")),
            ("clinic", Value::Null),
            ("mail", json!(["01890a5d-ac96-774b-bcce-b302099a8057"])),
            ("mail", Value::Null),
            ("timestamp", json!("canary")),
            ("timestamp", Value::Null),
            ("timestamp", json!(1.5)),
            ("timestamp", json!(0)),
            ("timestamp", json!(-1)),
            ("timestamp", json!(i64::MAX)),
            ("event", json!(1)),
            ("type", json!({})),
        ] {
            events.push(with(good.clone(), member, value));
        }
        events.push(good);
        assert_eq!(returns(&events), [(7, Return::Complaint)]);
    }

    #[test]
    fn what_is_no_list_or_too_long_a_list_is_not_read() {
        for none in ["", "{}", "null", "[", "[{]", "[] []", "\u{0}"] {
            assert_eq!(read(none.as_bytes()), Err(Unreadable::NoList), "{none}");
        }
        assert_eq!(read(b"[\xff]"), Err(Unreadable::NoList));
        assert_eq!(read(b" [] \r\n"), Ok(Vec::new()));
        let list = |count: usize| format!("[{}]", vec!["0"; count].join(",\r\n"));
        assert_eq!(read(list(MOST).as_bytes()), Ok(Vec::new()));
        assert_eq!(read(list(MOST + 1).as_bytes()), Err(Unreadable::TooMany));
    }

    #[test]
    fn a_signature_is_good_for_as_long_as_events_are_sent_again() {
        let now = Timestamp::from_second(AT).unwrap();
        let hours_25 = 25 * 60 * 60;
        for timely in [AT, AT + 600, AT - hours_25] {
            assert!(is_timely(&timely.to_string(), now), "{timely}");
        }
        for other in [AT + 601, AT - hours_25 - 1, 0, i64::MAX, i64::MIN] {
            assert!(!is_timely(&other.to_string(), now), "{other}");
        }
        for none in ["", "now", " 1795255200", "1795255200.0"] {
            assert!(!is_timely(none, now), "{none}");
        }
    }

    #[test]
    fn only_what_waits_to_be_sent_is_told_again() {
        assert!(is_waiting(Some("queued")));
        for state in [Some("sent"), Some("failed"), Some("bounced"), Some("complained"), None] {
            assert!(!is_waiting(state), "{state:?}");
        }
    }
}
