//! Notices of SES about mails, as SNS passes them on: <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>.

use crate::mail::returns::{BounceReport, Return};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// The message is no notice of SES, or of no mail of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoNotice;

/// SNS's envelope around a notice.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    message: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "eventType")]
    kind: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
struct Mail {
    #[serde(default)]
    tags: Tags,
}

/// The tags that the gateway gives a mail; each has a list of values.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tags {
    clinic: Vec<Uuid>,
    mail: Vec<Uuid>,
}

#[derive(Deserialize)]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
struct Complaint {
    timestamp: Timestamp,
}

/// The plain text that SES writes to a topic when the topic becomes an event destination.
const TOPIC_IS_READY: &str = "Successfully validated SNS topic for Amazon SES";

/// The report in a message of the queue; none in a notice of another kind, such as a delivery.
pub(super) fn read(body: &str) -> Result<Option<BounceReport>, NoNotice> {
    let envelope: Envelope = serde_json::from_str(body).map_err(|_| NoNotice)?;
    if envelope.message.starts_with(TOPIC_IS_READY) {
        return Ok(None);
    }
    let event: Event = serde_json::from_str(&envelope.message).map_err(|_| NoNotice)?;
    let (what, at) = match (event.kind.as_str(), event.bounce, event.complaint) {
        // `Undetermined`, for one, says nothing against the address.
        ("Bounce", Some(bounce), _) if bounce.kind != "Permanent" => (Return::Transient, bounce.timestamp),
        ("Bounce", Some(bounce), _) => (Return::Permanent, bounce.timestamp),
        ("Complaint", _, Some(complaint)) => (Return::Complaint, complaint.timestamp),
        ("Bounce" | "Complaint", _, _) => return Err(NoNotice),
        _ => return Ok(None),
    };
    match (&*event.mail.tags.clinic, &*event.mail.tags.mail) {
        (&[clinic], &[mail]) => Ok(Some(BounceReport { clinic, mail, what, at })),
        _ => Err(NoNotice),
    }
}

/// Whether nothing is left to note, by the mail's state. A queued mail will be marked as sent in a moment; an unknown
/// mail is not ours.
pub(super) fn is_settled(state: Option<&str>) -> bool {
    state.is_some_and(|state| state != "queued")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn report(event: &Value) -> Result<Option<BounceReport>, NoNotice> {
        read(&json!({ "Type": "Notification", "Message": event.to_string() }).to_string())
    }

    fn bounce(kind: &str) -> Value {
        json!({
            "eventType": "Bounce",
            "bounce": { "bounceType": kind, "timestamp": "2017-08-05T00:41:02.669Z" },
            "mail": { "tags": { "clinic": [Uuid::from_u128(1)], "mail": [Uuid::from_u128(2)], "ses:from-domain": ["example.com"] } },
        })
    }

    #[test]
    fn only_a_bounce_that_is_said_to_be_permanent_is() {
        for (kind, what) in [
            ("Permanent", Return::Permanent),
            ("Transient", Return::Transient),
            ("Undetermined", Return::Transient),
        ] {
            let report = report(&bounce(kind)).unwrap().unwrap();
            assert_eq!((report.clinic, report.mail), (Uuid::from_u128(1), Uuid::from_u128(2)));
            assert_eq!((report.what, report.at.to_string().as_str()), (what, "2017-08-05T00:41:02.669Z"));
        }
    }

    #[test]
    fn a_complaint_has_a_time_of_its_own() {
        let mut complaint = bounce("Permanent");
        complaint["eventType"] = json!("Complaint");
        assert_eq!(report(&complaint), Err(NoNotice), "a complaint without one");
        complaint["complaint"] = json!({ "timestamp": "2017-08-05T00:41:03Z" });
        let report = report(&complaint).unwrap().unwrap();
        assert_eq!(
            (report.what, report.at.to_string().as_str()),
            (Return::Complaint, "2017-08-05T00:41:03Z")
        );
    }

    #[test]
    fn what_is_no_notice_of_our_mail_is_told_from_what_is_of_another_kind() {
        assert_eq!(report(&json!({ "eventType": "Delivery", "mail": {}, "delivery": {} })), Ok(None));
        let ready = "Successfully validated SNS topic for Amazon SES event publishing.";
        assert_eq!(read(&json!({ "Type": "Notification", "Message": ready }).to_string()), Ok(None));
        let mut without_tags = bounce("Permanent");
        without_tags["mail"] = json!({});
        let mut of_two = bounce("Permanent");
        of_two["mail"]["tags"]["mail"] = json!([Uuid::nil(), Uuid::nil()]);
        let mut no_id = bounce("Permanent");
        no_id["mail"]["tags"]["clinic"] = json!(["x"]);
        let mut without_bounce = bounce("Permanent");
        without_bounce["bounce"] = Value::Null;
        for none in [without_tags, of_two, no_id, without_bounce, json!({}), json!("text")] {
            assert_eq!(report(&none), Err(NoNotice), "{none}");
        }
        for none in ["", "{}", r#"{"Message":"text"}"#, r#"{"Message":1}"#] {
            assert_eq!(read(none), Err(NoNotice), "{none}");
        }
    }

    #[test]
    fn a_notice_comes_again_until_its_mail_is_marked() {
        assert!(!is_settled(Some("queued")) && !is_settled(None));
        assert!(["sent", "bounced", "complained", "failed"].iter().all(|state| is_settled(Some(state))));
    }
}
