use super::app;
use super::record_bounces::{mail, returns};
use jiff::{SignedDuration, Timestamp};
use platform::mail::record_sendgrid_events::EventsKey;
use serde_json::{Value, json};
use shared::clock::Clock as _;
use std::sync::Arc;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};
use testkit::{SendgridKey, Tenant, TestApp, TestResponse, open_part};
use uuid::Uuid;

const FUNCTION: &str = "record-sendgrid-events";

/// The 5th of August 2017, at midnight.
const DAY: i64 = 1_501_891_200;

async fn with_sent_mails(count: usize) -> (Arc<TestApp>, Tenant, Vec<Uuid>) {
    let app = Arc::new(app().await);
    let tenant = app.tenant().await;
    let mut mails = Vec::new();
    for _ in 0..count {
        mails.push(mail(&app, &tenant, "sent").await);
    }
    (app, tenant, mails)
}

/// An event as SendGrid's documentation shows it, with the ids that our mails carry, so many seconds into the day.
fn event(kind: &str, clinic: Uuid, mail: Uuid, second: i64) -> Value {
    json!({
        "email": "canary@example.com",
        "timestamp": DAY + second,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": kind,
        "category": ["canary facts"],
        "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "ip": "168.1.1.1",
        "tls": 1,
        "clinic": clinic,
        "mail": mail,
    })
}

fn bounce(kind: &str, clinic: Uuid, mail: Uuid, second: i64) -> Value {
    let mut bounce = event("bounce", clinic, mail, second);
    bounce["type"] = json!(kind);
    bounce["reason"] = json!("500 unknown recipient canary@example.com");
    bounce["status"] = json!("5.0.0");
    bounce
}

fn dropped(reason: &str, clinic: Uuid, mail: Uuid, second: i64) -> Value {
    let mut dropped = event("dropped", clinic, mail, second);
    dropped["reason"] = json!(reason);
    dropped
}

/// The body as SendGrid writes it, with line breaks that count for the signature.
fn body(events: &[Value]) -> String {
    let events: Vec<String> = events.iter().map(Value::to_string).collect();
    format!("[{}]\r\n", events.join(",\r\n"))
}

fn key(app: &TestApp) -> &SendgridKey {
    app.sendgrid.as_ref().unwrap()
}

async fn tell(app: &TestApp, events: &[Value]) -> TestResponse {
    app.send(key(app).tell(&body(events), app.clock.now())).await
}

/// State and kind of all mails.
async fn states(app: &TestApp) -> Vec<String> {
    let states = returns(app).await.into_iter();
    states.map(|row| format!("{} {}", row[0], row[1])).collect()
}

#[tokio::test]
async fn what_came_back_is_noted_with_its_kind_and_instant_and_nothing_else() {
    let (app, tenant, mails) = with_sent_mails(6).await;
    let clinic = tenant.clinic;
    let events = [
        bounce("bounce", clinic, mails[0], 1),
        bounce("blocked", clinic, mails[1], 2),
        dropped("Bounced Address", clinic, mails[2], 3),
        dropped("Spam Content", clinic, mails[3], 4),
        event("spamreport", clinic, mails[4], 5),
        event("delivered", clinic, mails[5], 6),
    ];

    assert_eq!(tell(&app, &events).await.status, 204);

    let expected = [
        ["bounced", "permanent", "00:00:01.000"],
        ["bounced", "transient", "00:00:02.000"],
        ["bounced", "permanent", "00:00:03.000"],
        ["bounced", "transient", "00:00:04.000"],
        ["complained", "NULL", "00:00:05.000"],
        ["sent", "NULL", "NULL"],
    ];
    assert_eq!(returns(&app).await, expected);
    for row in app.database.rows("SELECT m::text FROM kernel.mails AS m").await {
        assert!(!row[0].to_lowercase().contains("canary"), "{row:?}");
    }
}

#[tokio::test]
async fn whatever_comes_first_or_twice_the_gravest_stays() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let (app, tenant, mails) = with_sent_mails(orders.len()).await;
    let kinds = ["bounced transient", "bounced permanent", "complained NULL"];
    for round in 0..3 {
        let told = |(id, order): (&Uuid, [usize; 3])| match order[round] {
            0 => bounce("blocked", tenant.clinic, *id, 1),
            1 => bounce("bounce", tenant.clinic, *id, 2),
            _ => event("spamreport", tenant.clinic, *id, 3),
        };
        let events: Vec<_> = mails.iter().zip(orders).map(told).collect();
        for _ in 0..2 {
            assert_eq!(tell(&app, &events).await.status, 204);
        }
        let gravest = orders.map(|order| kinds[*order[..=round].iter().max().unwrap()]);
        assert_eq!(states(&app).await, gravest, "round {round}");
    }
}

#[tokio::test]
async fn the_same_request_again_changes_nothing() {
    let (app, tenant, mails) = with_sent_mails(1).await;
    let events = [bounce("bounce", tenant.clinic, mails[0], 1)];
    let request = key(&app).tell(&body(&events), app.clock.now());
    let mut rows = Vec::new();
    for _ in 0..3 {
        assert_eq!(app.send(request.clone()).await.status, 204);
        app.clock.advance(SignedDuration::from_hours(1));
        rows.push(app.database.value("SELECT m::text FROM kernel.mails AS m").await);
    }
    assert!(rows[0].contains("permanent"));
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}");
}

#[tokio::test]
async fn a_mail_that_is_not_marked_yet_is_told_again_and_keeps_nobody_waiting() {
    let (app, tenant, mails) = with_sent_mails(1).await;
    let queued = mail(&app, &tenant, "queued").await;
    let events =
        [event("spamreport", tenant.clinic, queued, 1), event("spamreport", tenant.clinic, mails[0], 2)];

    assert_eq!(tell(&app, &events).await.refusal(), (409, "MAIL_NOT_SENT_YET"));
    assert_eq!(states(&app).await, ["complained NULL", "queued NULL"]);

    let mark = "UPDATE kernel.mails
                   SET state = 'sent', sent_at = now(), provider_id = 'sample', recipient_address = NULL, subject = NULL,
                       html = NULL, plain_text = NULL, attachments = NULL
                 WHERE state = 'queued'";
    app.database.run(mark).await;
    assert_eq!(tell(&app, &events).await.status, 204);
    assert_eq!(states(&app).await, ["complained NULL", "complained NULL"]);
}

#[tokio::test]
async fn nothing_is_read_before_the_signature_is_good() {
    let mut app = app().await;
    let tenant = app.tenant().await;
    let id = mail(&app, &tenant, "sent").await;
    let (body, now) = (body(&[event("spamreport", tenant.clinic, id, 1)]), app.clock.now());
    let request = key(&app).tell(&body, now);
    let signed_for_another = key(&app).tell(&body, now + SignedDuration::from_secs(1));
    let timestamp = "x-twilio-email-event-webhook-timestamp";
    let signature = "x-twilio-email-event-webhook-signature";
    let refused = [
        (request.clone().text(&body.replace("spamreport", "bounce")), "SIGNATURE_INVALID"),
        (request.clone().text(body.trim_end()), "SIGNATURE_INVALID"),
        (request.clone().text("no JSON"), "SIGNATURE_INVALID"),
        (signed_for_another.header(timestamp, &now.as_second().to_string()), "SIGNATURE_INVALID"),
        (SendgridKey::default().tell(&body, now), "SIGNATURE_INVALID"),
        (request.clone().header(signature, "no base64"), "SIGNATURE_INVALID"),
        (request.clone().header(signature, ""), "SIGNATURE_INVALID"),
        (request.clone().header(timestamp, ""), "SIGNATURE_INVALID"),
        (request.clone().header(signature, "é"), "SIGNATURE_INVALID"),
    ];
    for (number, (refused, code)) in refused.into_iter().enumerate() {
        assert_eq!(app.send(refused).await.refusal(), (403, code), "{number}");
    }
    for header in [signature, timestamp] {
        let unsigned = app.send(request.clone().without(header)).await;
        assert_eq!(unsigned.refusal(), (400, "REQUIRED"));
        assert_eq!(unsigned.json["error"]["details"][0]["pointer"], format!("/{header}"));
    }
    app.forget_sendgrid();
    assert_eq!(app.send(request).await.refusal(), (404, "SENDGRID_NOT_SET_UP"));
    assert_eq!(states(&app).await, ["sent NULL"]);
}

#[test]
fn a_key_that_is_none_ends_the_start_with_its_name() {
    let open = |key: &str| open_part::<EventsKey>(&[("SENDGRID_WEBHOOK_PUBLIC_KEY", key)]);
    assert!(open(&SendgridKey::default().shown()).is_ok());
    assert!(open("").is_ok(), "as a template gives what was left out");
    let bad = open("canary").unwrap_err();
    let expected = "SENDGRID_WEBHOOK_PUBLIC_KEY must be the verification key that SendGrid shows with Signed Event Webhook, \
        or empty";
    assert_eq!(bad.to_string(), expected);
}

#[tokio::test]
async fn the_built_function_notes_and_logs_no_address() {
    let (app, tenant, mails) = with_sent_mails(1).await;
    let (url, shown) = (app.database.function_url("platform"), key(&app).shown());
    let variables = [("DATABASE_URL", url.as_str()), ("SENDGRID_WEBHOOK_PUBLIC_KEY", &shown)];
    let mut function = Environment::start(&program(FUNCTION), &variables).await;
    function.ready().await;
    for (events, status) in [
        (body(&[bounce("bounce", tenant.clinic, mails[0], 1)]), 204),
        (r#"{"email":"canary@example.com"}"#.to_owned(), 400),
    ] {
        let event = key(&app).tell(&events, app.clock.now()).event();
        let Outcome::Response(reply) = function.invoke(&event, FAR_AWAY).await else { unreachable!() };
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["statusCode"], status, "{reply}");
    }
    assert_eq!(states(&app).await, ["bounced permanent"]);
    function.stopped().await;
}

mod race {
    use super::*;

    #[tokio::test]
    async fn the_same_events_at_once_and_the_other_way_round_are_noted_once_by_all() {
        let (app, tenant, mut mails) = with_sent_mails(20).await;
        let other = app.tenant().await;
        let mut clinics = vec![tenant.clinic; 20];
        for _ in 0..20 {
            mails.push(mail(&app, &other, "sent").await);
            clinics.push(other.clinic);
        }
        let told = |at: i64| -> Vec<Value> {
            clinics.iter().zip(&mails).map(|(clinic, mail)| bounce("bounce", *clinic, *mail, at)).collect()
        };
        let mut requests = Vec::new();
        for _ in 0..6 {
            let (forth, mut back) = (told(1), told(1));
            back.reverse();
            for events in [forth, back] {
                requests.push(key(&app).tell(&body(&events), app.clock.now()));
            }
        }
        let answers = app.send_at_once(requests).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
        assert_eq!(returns(&app).await, vec![["bounced", "permanent", "00:00:01.000"]; 40]);
    }

    #[tokio::test]
    async fn of_different_returns_at_once_the_gravest_stays() {
        let (app, tenant, mails) = with_sent_mails(10).await;
        let kinds: [fn(Uuid, Uuid) -> Value; 3] = [
            |clinic, mail| bounce("blocked", clinic, mail, 1),
            |clinic, mail| event("spamreport", clinic, mail, 2),
            |clinic, mail| bounce("bounce", clinic, mail, 3),
        ];
        let mut requests = Vec::new();
        for kind in kinds.iter().cycle().take(12) {
            let events: Vec<_> = mails.iter().map(|mail| kind(tenant.clinic, *mail)).collect();
            requests.push(key(&app).tell(&body(&events), app.clock.now()));
        }
        let answers = app.send_at_once(requests).await;
        assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
        assert_eq!(returns(&app).await, vec![["complained", "NULL", "00:00:02.000"]; 10]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn each_clinics_mails_are_noted_and_anothers_are_none() {
        let (app, tenant, mails) = with_sent_mails(2).await;
        let other = app.tenant().await;
        let foreign = mail(&app, &other, "sent").await;
        let events = [
            bounce("bounce", other.clinic, foreign, 1),
            // Of the one clinic by its id, and of the other by its clinic.
            bounce("bounce", other.clinic, mails[0], 2),
            bounce("bounce", Uuid::nil(), mails[0], 3),
            bounce("bounce", tenant.clinic, Uuid::nil(), 4),
            bounce("blocked", tenant.clinic, mails[1], 5),
        ];
        assert_eq!(tell(&app, &events).await.status, 204);
        let expected = [
            ["sent", "NULL", "NULL"],
            ["bounced", "transient", "00:00:05.000"],
            ["bounced", "permanent", "00:00:01.000"],
        ];
        assert_eq!(returns(&app).await, expected);
    }

    #[tokio::test]
    async fn what_was_refused_never_left_and_so_does_not_come_back() {
        let (app, tenant, _) = with_sent_mails(0).await;
        let id = mail(&app, &tenant, "failed").await;
        assert_eq!(tell(&app, &[event("spamreport", tenant.clinic, id, 1)]).await.status, 204);
        assert_eq!(states(&app).await, ["failed NULL"]);
    }

    #[tokio::test]
    async fn what_is_no_event_of_ours_holds_nobody_up() {
        let (app, tenant, mails) = with_sent_mails(1).await;
        let mut nameless = event("spamreport", tenant.clinic, mails[0], 1);
        nameless["mail"] = Value::Null;
        let mut timeless = event("spamreport", tenant.clinic, mails[0], 1);
        timeless["timestamp"] = json!("canary");
        let events =
            [json!(null), json!({}), nameless, timeless, bounce("bounce", tenant.clinic, mails[0], 2)];
        assert_eq!(tell(&app, &events).await.status, 204);
        assert_eq!(returns(&app).await, [["bounced", "permanent", "00:00:02.000"]]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_signature_is_good_for_25_hours_and_10_minutes_ahead() {
        let app = app().await;
        let now = app.clock.now();
        let (oldest, ahead) = (SignedDuration::from_hours(25), SignedDuration::from_mins(10));
        // Whole seconds are signed: the clock's own fraction is not to matter.
        let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap();
        let second = SignedDuration::from_secs(1);
        for (at, expected) in [
            (now - oldest + second, 204),
            (now - oldest - second, 403),
            (now + ahead, 204),
            (now + ahead + second, 403),
        ] {
            let answer = app.send(key(&app).tell("[]", whole(at))).await;
            assert_eq!(answer.status, expected, "{at}");
            assert!(expected == 204 || answer.code() == "SIGNATURE_EXPIRED");
        }
    }

    #[tokio::test]
    async fn as_many_events_as_there_may_be_of_as_many_clinics_are_noted_in_one_request() {
        let (app, tenant, mails) = with_sent_mails(1).await;
        let unknown = |number: u128| event("spamreport", Uuid::from_u128(number), Uuid::from_u128(number), 1);
        let short = |event: Value| {
            ["event", "timestamp", "clinic", "mail"]
                .map(|member| (member.to_owned(), event[member].clone()))
                .into_iter()
                .collect::<Value>()
        };
        let last = event("spamreport", tenant.clinic, mails[0], 1);
        let mut events: Vec<_> = (1..3000).map(unknown).chain([last]).map(short).collect();
        assert_eq!(tell(&app, &events).await.status, 204);
        assert_eq!(states(&app).await, ["complained NULL"]);

        events.push(json!({}));
        assert_eq!(tell(&app, &events).await.refusal(), (413, "TOO_MANY_EVENTS"));
    }

    #[tokio::test]
    async fn a_mebibyte_is_taken_and_no_byte_more() {
        let (app, tenant, mails) = with_sent_mails(1).await;
        let mut body = body(&[event("spamreport", tenant.clinic, mails[0], 1)]);
        body.push_str(&" ".repeat(1024 * 1024 - body.len()));
        let longer = app.send(key(&app).tell(&format!("{body} "), app.clock.now())).await;
        assert_eq!(
            (longer.refusal(), states(&app).await),
            ((413, "BODY_TOO_LARGE"), vec!["sent NULL".to_owned()])
        );
        assert_eq!(app.send(key(&app).tell(&body, app.clock.now())).await.status, 204);
        assert_eq!(states(&app).await, ["complained NULL"]);
    }

    #[tokio::test]
    async fn what_is_signed_and_no_list_is_malformed() {
        let app = app().await;
        for none in ["", "{}", "[", "null"] {
            let answer = app.send(key(&app).tell(none, app.clock.now())).await;
            assert_eq!(answer.refusal(), (400, "MALFORMED_JSON"), "{none}");
        }
        let broken = key(&app).tell("[]", app.clock.now()).base64("@@");
        assert_eq!(app.send(broken).await.refusal(), (400, "INVALID_ENCODING"));
        assert_eq!(tell(&app, &[]).await.status, 204);
    }
}
