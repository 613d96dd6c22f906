use super::app;
use serde_json::{Value, json};
use shared::clock::Clock as _;
use std::sync::Arc;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};
use testkit::{NoticeQueue, Tenant, TestApp, open_part};
use uuid::Uuid;

const WORKER: &str = "record-bounces";

/// A mail of the tenant's that has come as far as `reached`, as `send-mail` leaves it.
pub(super) async fn mail(app: &TestApp, tenant: &Tenant, reached: &str) -> Uuid {
    let now = app.clock.now();
    let rest = match reached {
        "sent" => format!("'{now}', 'sample', NULL, NULL, NULL, NULL, NULL, NULL"),
        "failed" => "NULL, NULL, 'MAIL_REFUSED', NULL, NULL, NULL, NULL, NULL".to_owned(),
        _ => "NULL, NULL, NULL, 'canary@example.com', 's', 'h', 'p', '[]'".to_owned(),
    };
    let sql = format!(
        "INSERT INTO kernel.mails
                (id, clinic_id, module, key, language, state, sent_at, provider_id, failure, recipient_address, subject,
                 html, plain_text, attachments, created_at, updated_at)
         VALUES (uuidv7(), '{}', 'identity', uuidv7()::text, 'en', '{reached}', {rest}, '{now}', '{now}')
      RETURNING id",
        tenant.clinic,
    );
    app.database.value(&sql).await.parse().unwrap()
}

async fn with_a_sent_mail() -> (Arc<TestApp>, Tenant, Uuid, NoticeQueue) {
    let app = Arc::new(app().await);
    let tenant = app.tenant().await;
    let id = mail(&app, &tenant, "sent").await;
    (app, tenant, id, NoticeQueue::made().await)
}

/// State, kind and instant of all mails.
pub(super) async fn returns(app: &TestApp) -> Vec<Vec<String>> {
    let sql = "SELECT state, bounce, to_char(returned_at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS')
                 FROM kernel.mails ORDER BY id";
    app.database.rows(sql).await
}

/// What SES tells of a mail, as its documentation shows it, with the tags that our mails carry.
fn event(kind: &str, clinic: Uuid, mail: Uuid, what: (&str, Value)) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2017-08-05T00:40:02.012Z",
            "source": "Canary <canary-sender@example.com>",
            "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com",
            "sendingAccountId": "123456789012",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": ["canary@example.com"],
            "headersTruncated": false,
            "headers": [{ "name": "To", "value": "canary@example.com" }, { "name": "Subject", "value": "canary" }],
            "commonHeaders": { "to": ["canary@example.com"], "subject": "canary" },
            "tags": {
                "ses:configuration-set": ["ConfigSet"],
                "ses:source-ip": ["192.0.2.0"],
                "ses:from-domain": ["example.com"],
                "ses:caller-identity": ["ses_user"],
                "clinic": [clinic],
                "mail": [mail],
            },
        },
    });
    event[what.0] = what.1;
    event
}

fn bounced(clinic: Uuid, mail: Uuid, kind: &str, at: &str) -> Value {
    let bounce = json!({
        "bounceType": kind,
        "bounceSubType": "General",
        "bouncedRecipients": [{
            "emailAddress": "canary@example.com",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 canary unknown",
        }],
        "timestamp": format!("2017-08-05T{at}Z"),
        "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        "reportingMTA": "dsn; mta.example.com",
    });
    event("Bounce", clinic, mail, ("bounce", bounce))
}

fn complained(clinic: Uuid, mail: Uuid, at: &str) -> Value {
    let complaint = json!({
        "complainedRecipients": [{ "emailAddress": "canary@example.com" }],
        "timestamp": format!("2017-08-05T{at}Z"),
        "feedbackId": "01000157c44f067d-c29abf23-4dc7-4b8d-9b34-a94d8eexample-000000",
        "userAgent": "Mozilla/5.0",
        "complaintFeedbackType": "abuse",
        "arrivalDate": "2017-08-05T00:41:02.669Z",
    });
    event("Complaint", clinic, mail, ("complaint", complaint))
}

fn delivered(clinic: Uuid, mail: Uuid) -> Value {
    let delivery = json!({
        "timestamp": "2017-08-05T00:41:02.669Z",
        "processingTimeMillis": 11893,
        "recipients": ["canary@example.com"],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "mta.example.com",
    });
    event("Delivery", clinic, mail, ("delivery", delivery))
}

async fn work(app: &TestApp, queue: &NoticeQueue) -> usize {
    app.work_on(WORKER, queue.open()).await.unwrap()
}

#[tokio::test]
async fn what_came_back_is_noted_with_its_kind_and_instant_and_nothing_else() {
    let (app, tenant, first, queue) = with_a_sent_mail().await;
    let mut mails = vec![first];
    for _ in 0..3 {
        mails.push(mail(&app, &tenant, "sent").await);
    }
    queue.publish(&bounced(tenant.clinic, mails[0], "Permanent", "00:41:02.669")).await;
    queue.publish(&bounced(tenant.clinic, mails[1], "Transient", "00:42:02.669")).await;
    queue.publish(&complained(tenant.clinic, mails[2], "00:43:02.669")).await;
    queue.publish(&delivered(tenant.clinic, mails[3])).await;

    assert_eq!(work(&app, &queue).await, 4);

    let expected = [
        ["bounced", "permanent", "00:41:02.669"],
        ["bounced", "transient", "00:42:02.669"],
        ["complained", "NULL", "00:43:02.669"],
        ["sent", "NULL", "NULL"],
    ];
    assert_eq!(returns(&app).await, expected);
    assert_eq!(queue.count().await, 0);
    for row in app.database.rows("SELECT m::text FROM kernel.mails AS m").await {
        assert!(!row[0].to_lowercase().contains("canary"), "{row:?}");
    }
}

#[tokio::test]
async fn whatever_comes_first_or_twice_the_gravest_stays() {
    let (app, tenant, first, queue) = with_a_sent_mail().await;
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut mails = vec![first];
    for _ in 1..orders.len() {
        mails.push(mail(&app, &tenant, "sent").await);
    }
    let kinds = [
        ["bounced", "transient", "00:41:00.000"],
        ["bounced", "permanent", "00:42:00.000"],
        ["complained", "NULL", "00:43:00.000"],
    ];
    for round in 0..3 {
        for (id, order) in mails.iter().zip(orders) {
            let notice = match order[round] {
                0 => bounced(tenant.clinic, *id, "Transient", "00:41:00.000"),
                1 => bounced(tenant.clinic, *id, "Permanent", "00:42:00.000"),
                _ => complained(tenant.clinic, *id, "00:43:00.000"),
            };
            for _ in 0..2 {
                queue.publish(&notice).await;
            }
        }
        assert_eq!(work(&app, &queue).await, 12);
        let gravest = orders.map(|order| kinds[*order[..=round].iter().max().unwrap()]);
        assert_eq!(returns(&app).await, gravest, "round {round}");
    }
    assert_eq!(queue.count().await, 0);
}

#[tokio::test]
async fn what_is_no_notice_stays_in_the_queue_and_holds_nobody_up() {
    let (app, tenant, id, queue) = with_a_sent_mail().await;
    queue.put("canary").await;
    queue.put(r#"{"Type":"Notification","Message":"canary is no event"}"#).await;
    let mut untagged = bounced(tenant.clinic, id, "Permanent", "00:41:00.000");
    untagged["mail"]["tags"] = json!({});
    queue.publish(&untagged).await;
    assert_eq!((work(&app, &queue).await, queue.count().await), (0, 3));

    queue.publish(&complained(tenant.clinic, id, "00:43:00.000")).await;
    assert_eq!((work(&app, &queue).await, queue.count().await), (1, 3));
    assert_eq!(returns(&app).await[0][0], "complained");
}

#[tokio::test]
async fn a_notice_that_is_faster_than_the_mark_comes_again() {
    let app = app().await;
    let (tenant, queue) = (app.tenant().await, NoticeQueue::made().await);
    let id = mail(&app, &tenant, "queued").await;
    queue.publish(&bounced(tenant.clinic, id, "Permanent", "00:41:00.000")).await;
    assert_eq!((work(&app, &queue).await, queue.count().await), (0, 1));
    assert_eq!(returns(&app).await, [["queued", "NULL", "NULL"]]);
}

#[tokio::test]
async fn on_one_machine_there_is_nothing_to_do() {
    let (app, ..) = with_a_sent_mail().await;
    assert_eq!(app.work(WORKER, None).await.unwrap(), 0);
}

#[tokio::test]
async fn the_built_function_notes_what_its_queue_has() {
    let (app, tenant, id, queue) = with_a_sent_mail().await;
    queue.publish(&bounced(tenant.clinic, id, "Permanent", "00:41:00.000")).await;
    let url = app.database.function_url("bounce_recorder");
    let variables = [&[("DATABASE_URL", url.as_str())], &queue.variables()[..]].concat();
    let mut function = Environment::start(&program(WORKER), &variables).await;
    function.ready().await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/record-bounces.json");
    let clock = std::fs::read_to_string(root).unwrap();
    assert_eq!(function.invoke(&clock, FAR_AWAY).await, Outcome::Response(r#"{"done":1}"#.to_owned()));
    assert_eq!(returns(&app).await, [["bounced", "permanent", "00:41:00.000"]]);
    function.stopped().await;
}

mod race {
    use super::*;

    #[tokio::test]
    async fn the_same_notices_twice_at_once_are_noted_once_and_none_is_left() {
        let (app, tenant, first, _) = with_a_sent_mail().await;
        let queues = [NoticeQueue::made().await, NoticeQueue::made().await];
        let mut mails = vec![first];
        for _ in 1..10 {
            mails.push(mail(&app, &tenant, "sent").await);
        }
        for (number, id) in mails.iter().enumerate() {
            // The other queue has them the other way round.
            for (queue, id) in queues.iter().zip([*id, mails[9 - number]]) {
                queue.publish(&bounced(tenant.clinic, id, "Permanent", "00:41:00.000")).await;
            }
        }
        let (one, other) = tokio::join!(work(&app, &queues[0]), work(&app, &queues[1]));
        assert_eq!((one, other), (10, 10));
        assert_eq!(returns(&app).await, vec![["bounced", "permanent", "00:41:00.000"]; 10]);
        assert_eq!((queues[0].count().await, queues[1].count().await), (0, 0));
    }
}

mod integrity {
    use super::*;

    const DENIED: &str = "42501";
    const CHECKED: &str = "23514";

    #[tokio::test]
    async fn a_mail_of_another_clinic_is_none() {
        let (app, _, id, queue) = with_a_sent_mail().await;
        let other = app.tenant().await;
        queue.publish(&bounced(other.clinic, id, "Permanent", "00:41:00.000")).await;
        assert_eq!((work(&app, &queue).await, queue.count().await), (0, 1));
        assert_eq!(returns(&app).await, [["sent", "NULL", "NULL"]]);
    }

    #[tokio::test]
    async fn what_was_refused_never_left_and_so_does_not_come_back() {
        let app = app().await;
        let (tenant, queue) = (app.tenant().await, NoticeQueue::made().await);
        let id = mail(&app, &tenant, "failed").await;
        queue.publish(&bounced(tenant.clinic, id, "Permanent", "00:41:00.000")).await;
        assert_eq!((work(&app, &queue).await, queue.count().await), (1, 0));
        assert_eq!(returns(&app).await, [["failed", "NULL", "NULL"]]);
    }

    #[tokio::test]
    async fn its_role_notes_returns_and_reads_and_does_nothing_else() {
        let (app, tenant, _, _) = with_a_sent_mail().await;
        mail(&app, &tenant, "queued").await;
        for denied in [
            "SELECT recipient_address FROM kernel.mails",
            "UPDATE kernel.mails SET sent_at = now()",
            "DELETE FROM kernel.mails",
            "SELECT id FROM kernel.outbox",
        ] {
            let refused = app.database.run_as("bounce_recorder", denied).await;
            assert_eq!(refused.unwrap_err(), DENIED, "{denied}");
        }
        // A mail that is not sent is none of its rows.
        let note = "UPDATE kernel.mails SET state = 'bounced', bounce = 'permanent', returned_at = now()";
        app.database.run_as("bounce_recorder", note).await.unwrap();
        let mut states: Vec<_> = returns(&app).await.into_iter().map(|row| row[0].clone()).collect();
        states.sort();
        assert_eq!(states, ["bounced", "queued"]);
    }

    #[tokio::test]
    async fn whoever_tries_a_mail_only_moves_forward() {
        let (app, tenant, id, queue) = with_a_sent_mail().await;
        queue.publish(&bounced(tenant.clinic, id, "Permanent", "00:41:00.000")).await;
        work(&app, &queue).await;
        let change =
            |set: &str| format!("SET app.clinic_id = '{}'; UPDATE kernel.mails SET {set}", tenant.clinic);
        for back in ["bounce = 'transient'", "returned_at = now()", "state = 'sent'", "state = 'queued'"] {
            let refused = app.database.run_as("bounce_recorder", &change(back)).await;
            assert_eq!(refused.unwrap_err(), CHECKED, "{back}");
        }
        for back in ["state = 'sent'", "state = 'queued'", "provider_id = 'other'"] {
            let refused = app.database.run_as("platform", &change(back)).await;
            assert_eq!(refused.unwrap_err(), CHECKED, "{back}");
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn more_than_a_batch_is_noted_in_one_run() {
        let (app, tenant, _, queue) = with_a_sent_mail().await;
        for _ in 0..11 {
            let id = mail(&app, &tenant, "sent").await;
            queue.publish(&bounced(tenant.clinic, id, "Transient", "00:41:00.000")).await;
        }
        assert_eq!(work(&app, &queue).await, 11);
        let noted = "SELECT count(*) FROM kernel.mails WHERE state = 'bounced'";
        assert_eq!((app.database.value(noted).await.as_str(), queue.count().await), ("11", 0));
    }

    #[tokio::test]
    async fn while_the_queue_is_away_the_run_fails_and_says_why() {
        let app = app().await;
        let address = "http://127.0.0.1:1";
        let away = open_part(&[
            ("AWS_ENDPOINT_URL_SQS", address),
            ("MAIL_NOTICES_QUEUE_URL", address),
            ("AWS_REGION", "sample"),
            ("AWS_ACCESS_KEY_ID", "sample"),
            ("AWS_SECRET_ACCESS_KEY", "sample"),
        ])
        .unwrap();
        let stopped = app.work_on(WORKER, away).await.unwrap_err();
        assert_eq!(stopped.private.as_deref(), Some("the queue of notices: no answer"));
    }
}
