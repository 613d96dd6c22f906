//! Endpoints that have not answered their test yet.

use super::receiver::Receiver;
use super::webhooks::{add_pending, app, deliveries, enqueue};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::clock::Clock as _;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse, WebhookReceiver};

async fn deliver(app: &TestApp) -> usize {
    app.work("deliver-webhooks", None).await.unwrap()
}

/// The endpoint as its clinic sees it now.
async fn shown(app: &TestApp, tenant: &Tenant, made: &TestResponse) -> Value {
    let found = app.send(TestRequest::get(made.header("location").unwrap()).token(tenant.owner())).await;
    found.data().clone()
}

/// What the audit log says of switches: action, module, whether the endpoint is the actor, and whether the request is a
/// delivery to it.
async fn audited(app: &TestApp) -> Vec<Vec<String>> {
    let sql = "SELECT action, a.module, actor_id = subject_id AS itself,
                      EXISTS (SELECT 1 FROM platform.webhook_deliveries AS d
                               WHERE d.id::text = a.request_id AND d.endpoint_id = a.subject_id
                                 AND d.clinic_id = a.clinic_id) AS by_delivery
                 FROM kernel.audit_log AS a WHERE action IN ('webhook_endpoint.activated', 'webhook_endpoint.disabled')";
    app.database.rows(sql).await
}

const ACTIVATED: [&str; 4] = ["webhook_endpoint.activated", "webhook_deliverer", "t", "t"];
const DISABLED: [&str; 4] = ["webhook_endpoint.disabled", "webhook_deliverer", "t", "t"];

#[tokio::test]
async fn an_endpoint_that_answers_its_test_is_active_and_hears_of_events_from_then_on() {
    let (app, tenant) = app().await;
    let receiver = Receiver::start().await;
    let made = add_pending(&app, &tenant, &receiver.url("/204")).await;
    let id = made.data()["id"].clone();
    enqueue(&app, &tenant, "patient.created").await;
    assert_eq!(deliver(&app).await, 1);

    let body: Value = serde_json::from_str(&receiver.posted()[0].body).unwrap();
    let expected = json!({
        "type": "webhook.test", "timestamp": made.data()["createdAt"], "data": { "webhookEndpointId": id },
    });
    assert_eq!(body, expected);
    assert_eq!(shown(&app, &tenant, &made).await["status"], "active");
    assert_eq!(audited(&app).await, [ACTIVATED]);
    assert_eq!(deliver(&app).await, 0, "what happened meanwhile is not kept for it");
    enqueue(&app, &tenant, "patient.created").await;
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(receiver.count("/204"), 2);
}

#[tokio::test]
async fn a_tests_signature_is_good_by_both_secrets_when_one_was_rotated_meanwhile() {
    for known in [0, 1] {
        let (app, tenant) = app().await;
        let mut receiver = WebhookReceiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url()).await;
        let rotation = format!("{}/secret", made.header("location").unwrap());
        let rotated = app.send(TestRequest::new("POST", &rotation).token(tenant.owner())).await;
        let secrets = [&made, &rotated].map(|reply| reply.data()["secret"].as_str().unwrap().to_owned());
        receiver.expect(&secrets[known]);
        deliver(&app).await;
        assert_eq!(shown(&app, &tenant, &made).await["status"], "active", "{known}");
    }
}

mod race {
    use super::*;

    /// A test that is under way: the worker, and what has it answered.
    async fn under_way(
        app: &Arc<TestApp>,
        receiver: &Receiver,
        count: usize,
    ) -> tokio::task::JoinHandle<usize> {
        let own = Arc::clone(app);
        let worker = tokio::spawn(async move { deliver(&own).await });
        receiver.arrived("/wait", count).await;
        worker
    }

    /// Has `/wait` answer.
    async fn let_answer(app: &TestApp, receiver: &Receiver) {
        let other = app.tenant().await;
        add_pending(app, &other, &receiver.url("/200")).await;
        deliver(app).await;
    }

    #[tokio::test]
    async fn an_endpoint_deleted_while_its_test_is_under_way_stays_deleted() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url("/wait")).await;
        let worker = under_way(&app, &receiver, 1).await;
        let address = made.header("location").unwrap();
        let deleted = app.send(TestRequest::new("DELETE", address).token(tenant.owner())).await;
        assert_eq!(deleted.status, 204);

        let_answer(&app, &receiver).await;
        worker.await.unwrap();

        let sql =
            "SELECT is_confirmed, deleted_at IS NULL AS is_there, disabled_at FROM platform.webhook_endpoints
                    WHERE clinic_id = '{clinic}'";
        let sql = sql.replace("{clinic}", &tenant.clinic.to_string());
        assert_eq!(app.database.rows(&sql).await, [["f", "f", "NULL"]]);
        assert_eq!(audited(&app).await, [ACTIVATED], "the other one");
        let sql = "SELECT state FROM platform.webhook_deliveries WHERE clinic_id = '{clinic}'";
        assert_eq!(app.database.value(&sql.replace("{clinic}", &tenant.clinic.to_string())).await, "dropped");
    }

    #[tokio::test]
    async fn deletions_beside_tests_end_one_way_or_the_other() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let mut made = Vec::new();
        for number in 0..20 {
            made.push(add_pending(&app, &tenant, &receiver.url(&format!("/204?{number}"))).await);
        }
        let own = Arc::clone(&app);
        let worker = tokio::spawn(async move { deliver(&own).await });
        let delete = |made: &TestResponse| {
            TestRequest::new("DELETE", made.header("location").unwrap()).token(tenant.owner())
        };
        for answer in app.send_at_once(made.iter().map(delete).collect()).await {
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
        worker.await.unwrap();
        let states =
            "SELECT count(*)::text FROM platform.webhook_deliveries WHERE state IN ('dropped', 'delivered')";
        assert_eq!(app.database.value(states).await, "20");
        let confirmed = "SELECT count(*)::text FROM platform.webhook_endpoints WHERE is_confirmed";
        assert_eq!(app.database.value(confirmed).await, audited(&app).await.len().to_string());
    }

    #[tokio::test]
    async fn two_workers_at_once_test_once_and_two_tests_of_one_endpoint_activate_it_once() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url("/wait")).await;
        let first = under_way(&app, &receiver, 1).await;
        assert_eq!(deliver(&app).await, 0, "it is on lease");
        // As if the first worker had gone away.
        app.clock.advance(SignedDuration::from_secs(61));
        let second = under_way(&app, &receiver, 2).await;

        let_answer(&app, &receiver).await;
        first.await.unwrap();
        second.await.unwrap();

        assert_eq!(shown(&app, &tenant, &made).await["status"], "active");
        assert_eq!(audited(&app).await.len(), 2, "this one and the one that had them answered");
        let ids: Vec<_> = receiver.posted().into_iter().filter(|posted| posted.path == "/wait").collect();
        assert_eq!(ids[0].headers["webhook-id"], ids[1].headers["webhook-id"]);
    }

    #[tokio::test]
    async fn a_test_that_failed_for_good_beside_one_that_arrived_disables_nothing() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url("/500")).await;
        // Somebody else's lease ran out, and the test arrived with him after this worker had begun it, too.
        let sql = "UPDATE platform.webhook_deliveries SET attempts = 9;
                   UPDATE platform.webhook_endpoints SET is_confirmed = true";
        app.database.run(sql).await;
        deliver(&app).await;
        assert_eq!(deliveries(&app).await, ["failed"]);
        assert_eq!(shown(&app, &tenant, &made).await["status"], "active");
        assert!(audited(&app).await.is_empty());
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nothing_but_its_test_is_sent_to_a_pending_endpoint() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url("/500")).await;
        let id = made.data()["id"].as_str().unwrap();
        enqueue(&app, &tenant, "patient.created").await;
        let sql = "INSERT INTO platform.webhook_deliveries
                          (clinic_id, id, endpoint_id, event_id, kind, ids, occurred_at, due_at, created_at, updated_at)
                   VALUES ('{clinic}', uuidv7(), '{id}', uuidv7(), 'patient.created', '{}', '{now}', '{now}', now(), now())";
        let sql = sql.replace("{clinic}", &tenant.clinic.to_string()).replace("{id}", id);
        app.database.run(&sql.replace("{now}", &app.clock.now().to_string())).await;

        assert_eq!(deliver(&app).await, 2);

        assert_eq!(receiver.count("/500"), 1);
        assert!(receiver.posted()[0].body.contains("webhook.test"));
        assert_eq!(deliveries(&app).await, ["waiting", "dropped"]);
        assert_eq!(shown(&app, &tenant, &made).await["status"], "pending");
    }

    #[tokio::test]
    async fn only_the_deliverer_confirms_and_it_says_nothing_else_in_the_audit_log() {
        let (app, tenant) = app().await;
        add_pending(&app, &tenant, "https://a.example/").await;
        let clinic = tenant.clinic;
        let confirm = format!(
            "SET app.clinic_id = '{clinic}'; UPDATE platform.webhook_endpoints SET is_confirmed = true"
        );
        assert_eq!(app.database.run_as("platform", &confirm).await.unwrap_err(), "42501");
        let say = |action: &str| {
            format!(
                "INSERT INTO kernel.audit_log
                        (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
                 VALUES (uuidv7(), '{clinic}', uuidv7(), '{action}', 'webhook_endpoint', uuidv7(), 'x', now())"
            )
        };
        for (action, expected) in [
            ("webhook_endpoint.activated", None),
            ("webhook_endpoint.disabled", None),
            ("webhook_endpoint.deleted", Some("42501".to_owned())),
        ] {
            assert_eq!(
                app.database.run_as("webhook_deliverer", &say(action)).await.err(),
                expected,
                "{action}"
            );
        }
    }

    #[tokio::test]
    async fn a_pending_endpoint_that_answers_410_is_disabled() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add_pending(&app, &tenant, &receiver.url("/410")).await;
        deliver(&app).await;
        assert_eq!(shown(&app, &tenant, &made).await["status"], "disabled");
        assert_eq!(deliveries(&app).await, ["dropped"]);
        assert_eq!(audited(&app).await, [DISABLED]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_test_that_nobody_answers_is_tried_for_a_day_and_then_the_endpoint_is_disabled() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add_pending(&app, &tenant, &receiver.url("/404")).await;
        let began = app.clock.now();
        let (due, state) = (
            "SELECT extract(epoch FROM due_at - '{now}')::text FROM platform.webhook_deliveries",
            "SELECT is_confirmed, disabled_at = '{now}' FROM platform.webhook_endpoints",
        );
        for attempt in 1..10 {
            assert_eq!(deliver(&app).await, 1);
            assert_eq!(app.database.rows(&state.replace("{now}", "now")).await, [["f", "NULL"]], "{attempt}");
            let sql = due.replace("{now}", &app.clock.now().to_string());
            let wait: f64 = app.database.value(&sql).await.parse().unwrap();
            app.clock.advance(SignedDuration::from_secs_f64(wait + 0.001));
        }
        assert_eq!(deliver(&app).await, 1);

        let hours = app.clock.now().duration_since(began).as_hours();
        assert!((23..=26).contains(&hours), "{hours}");
        let state = state.replace("{now}", &app.clock.now().to_string());
        assert_eq!(app.database.rows(&state).await, [["f", "t"]]);
        assert_eq!(deliveries(&app).await, ["failed"]);
        assert_eq!(audited(&app).await, [DISABLED]);
        app.clock.advance(SignedDuration::from_hours(24));
        assert_eq!((deliver(&app).await, receiver.count("/404")), (0, 10));
    }

    #[tokio::test]
    async fn an_endpoint_from_before_there_were_tests_is_active() {
        let (app, tenant) = app().await;
        let sql = "INSERT INTO platform.webhook_endpoints (clinic_id, id, url, kinds, slot, created_at, updated_at)
                   VALUES ('{clinic}', uuidv7(), 'https://a.example/', ARRAY['patient.created'], 1, now(), now())";
        app.database.run(&sql.replace("{clinic}", &tenant.clinic.to_string())).await;
        let listed = app.send(TestRequest::get("/api/v1/webhook-endpoints").token(tenant.owner())).await;
        assert_eq!(listed.data()[0]["status"], "active");
        enqueue(&app, &tenant, "patient.created").await;
        assert_eq!(deliveries(&app).await, ["waiting"]);
    }
}
