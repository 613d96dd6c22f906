use super::receiver::Receiver;
use super::webhooks::{add, app, deliveries, enqueue};
use jiff::SignedDuration;
use platform::webhooks::deliver_webhooks::DeliverWebhooks;
use serde_json::{Value, json};
use shared::background::{InProcess, Worker};
use shared::clock::Clock as _;
use shared::external::connect::NetworkScope;
use shared::mail::Notices;
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestApp, TestRequest, WebhookReceiver};

async fn deliver(app: &TestApp) -> usize {
    app.work("deliver-webhooks", None).await.unwrap()
}

/// A worker that runs beside the test, and is killed with it.
struct Running(tokio::task::JoinHandle<usize>);

impl Running {
    fn start(app: &Arc<TestApp>) -> Self {
        let app = Arc::clone(app);
        Self(tokio::spawn(async move { deliver(&app).await }))
    }

    /// How many deliveries came back, once it has nothing to do any more.
    async fn ended(mut self) -> usize {
        (&mut self.0).await.unwrap()
    }

    async fn kill(mut self) {
        self.0.abort();
        assert!((&mut self.0).await.unwrap_err().is_cancelled());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The attempts of the only delivery, and its last status.
async fn attempts(app: &TestApp) -> (String, String) {
    let sql = "SELECT attempts::text, coalesce(last_status::text, 'none') FROM platform.webhook_deliveries";
    let mut rows = app.database.rows(sql).await;
    let mut row = rows.remove(0);
    assert!(rows.is_empty());
    (row.remove(0), row.remove(0))
}

/// How many seconds from now the only delivery is due.
async fn due_in(app: &TestApp) -> f64 {
    let now = app.clock.now();
    let sql = format!("SELECT extract(epoch FROM due_at - '{now}')::text FROM platform.webhook_deliveries");
    app.database.value(&sql).await.parse().unwrap()
}

#[tokio::test]
async fn an_event_arrives_with_its_kind_its_ids_and_the_specifications_headers() {
    let (app, tenant) = app().await;
    let receiver = Receiver::start().await;
    add(&app, &tenant, &receiver.url("/200")).await;
    let event = enqueue(&app, &tenant, "patient.created").await;

    assert_eq!(deliver(&app).await, 1);

    let posted = receiver.posted().remove(0);
    let body: Value = serde_json::from_str(&posted.body).unwrap();
    let expected = json!({
        "type": "patient.created", "timestamp": event.created_at, "data": { "patientId": event.aggregate_id },
    });
    assert_eq!(body, expected);
    assert_eq!(posted.headers["webhook-id"], event.id.to_string());
    assert_eq!(posted.headers["webhook-timestamp"], app.clock.now().as_second().to_string());
    assert!(posted.headers["webhook-signature"].starts_with("v1,"));
    assert_eq!(posted.headers["content-type"], "application/json");
    assert_eq!(deliveries(&app).await, ["delivered"]);
    assert_eq!(deliver(&app).await, 0, "once is enough");
}

#[tokio::test]
async fn a_deliverys_signature_is_good_by_the_reference_library_and_by_both_secrets_while_one_is_rotated() {
    let (app, tenant) = app().await;
    let mut receiver = WebhookReceiver::start().await;
    let made = add(&app, &tenant, &receiver.url()).await;
    let first = made.data()["secret"].as_str().unwrap().to_owned();
    let rotation = format!("{}/secret", made.header("location").unwrap());
    let delivered_by = async |receiver: &mut WebhookReceiver, secret: &str| {
        receiver.expect(secret);
        app.database.run("TRUNCATE platform.webhook_deliveries").await;
        enqueue(&app, &tenant, "patient.created").await;
        deliver(&app).await;
        deliveries(&app).await == ["delivered"]
    };

    assert!(delivered_by(&mut receiver, &first).await);
    assert!(!delivered_by(&mut receiver, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").await);

    let rotated = app.send(TestRequest::new("POST", &rotation).token(tenant.owner())).await;
    let second = rotated.data()["secret"].as_str().unwrap().to_owned();
    assert!(delivered_by(&mut receiver, &first).await, "the secret before signs as well");
    assert!(delivered_by(&mut receiver, &second).await);
    // The library compares a delivery's time with the machine's clock: the day passes for the secret alone.
    app.database.run("UPDATE platform.webhook_secrets SET expires_at = now() - interval '1 day' WHERE expires_at IS NOT NULL").await;
    assert!(!delivered_by(&mut receiver, &first).await, "after a day it does not any more");
    assert!(delivered_by(&mut receiver, &second).await);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_many_workers_at_once_each_delivery_is_sent_by_one() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        for number in 0..6 {
            add(&app, &tenant, &receiver.url(&format!("/20{number}"))).await;
        }
        for _ in 0..5 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        let working = (0..4).map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { deliver(&app).await })
        });
        for worker in working.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        assert_eq!(receiver.posted().len(), 30);
        assert!(deliveries(&app).await.iter().all(|state| state == "delivered"));
    }

    #[tokio::test]
    async fn what_becomes_due_while_calls_hang_is_sent_before_one_of_them_comes_back() {
        for slow in ["/hang", "/drip"] {
            let (app, tenant) = app().await;
            let receiver = Receiver::start().await;
            add(&app, &tenant, &receiver.url(slow)).await;
            enqueue(&app, &tenant, "patient.created").await;
            let worker = Running::start(&app);
            receiver.arrived(slow, 1).await;

            let other = app.tenant().await;
            add(&app, &other, &receiver.url("/200")).await;
            enqueue(&app, &other, "patient.created").await;
            receiver.arrived("/200", 1).await;

            let tried = "SELECT attempts::text FROM platform.webhook_deliveries WHERE clinic_id = '{clinic}'";
            let tried = tried.replace("{clinic}", &tenant.clinic.to_string());
            assert_eq!(app.database.value(&tried).await, "0", "{slow}: no outcome is noted yet");
            drop(worker);
        }
    }

    #[tokio::test]
    async fn an_answer_that_takes_long_holds_up_no_other_and_arrives() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        // It answers only when something has arrived at the other one, which becomes due afterwards.
        add(&app, &tenant, &receiver.url("/wait")).await;
        for _ in 0..3 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        let worker = Running::start(&app);
        receiver.arrived("/wait", 2).await;
        let other = app.tenant().await;
        add(&app, &other, &receiver.url("/200")).await;
        enqueue(&app, &other, "patient.created").await;

        assert_eq!(worker.ended().await, 4);
        assert_eq!(deliveries(&app).await, ["delivered"; 4]);
    }

    #[tokio::test]
    async fn two_workers_share_what_is_due_while_calls_hang() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/hang")).await;
        for _ in 0..3 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        let workers = [Running::start(&app), Running::start(&app)];
        receiver.arrived("/hang", 2).await;
        let other = app.tenant().await;
        for number in 0..5 {
            add(&app, &other, &receiver.url(&format!("/200?{number}"))).await;
        }
        for _ in 0..6 {
            enqueue(&app, &other, "patient.created").await;
        }
        let delivered = "SELECT count(*)::text FROM platform.webhook_deliveries WHERE state = 'delivered'";
        while app.database.value(delivered).await != "30" {
            tokio::task::yield_now().await;
        }
        assert_eq!(receiver.count("/200"), 30, "each once");
        drop(workers);
    }

    #[tokio::test]
    async fn a_clinic_with_many_endpoints_has_eight_places_and_each_endpoint_two() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        for number in 0..20 {
            add(&app, &tenant, &receiver.url(&format!("/hang?{number}"))).await;
        }
        for _ in 0..5 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        let worker = Running::start(&app);
        receiver.arrived("/hang", 8).await;

        let other = app.tenant().await;
        add(&app, &other, &receiver.url("/hang")).await;
        add(&app, &other, &receiver.url("/200")).await;
        for _ in 0..5 {
            enqueue(&app, &other, "patient.created").await;
        }
        let delivered = "SELECT count(*)::text FROM platform.webhook_deliveries WHERE state = 'delivered'";
        while app.database.value(delivered).await != "5" {
            tokio::task::yield_now().await;
        }
        assert_eq!(receiver.count("/hang"), 8 + 2);
        drop(worker);
    }

    #[tokio::test]
    async fn a_host_has_sixteen_places_whoever_names_it() {
        let (app, _) = app().await;
        let (slow, other) = (Receiver::start().await, Receiver::start().await);
        for _ in 0..3 {
            let tenant = app.tenant().await;
            for number in 0..4 {
                add(&app, &tenant, &slow.url(&format!("/hang?{number}"))).await;
            }
            for _ in 0..2 {
                enqueue(&app, &tenant, "patient.created").await;
            }
        }
        let worker = Running::start(&app);
        slow.arrived("/hang", 16).await;
        let tenant = app.tenant().await;
        add(&app, &tenant, &slow.url("/hang")).await;
        add(&app, &tenant, &other.url("/200")).await;
        enqueue(&app, &tenant, "patient.created").await;
        other.arrived("/200", 1).await;

        assert_eq!(slow.count("/hang"), 16);
        drop(worker);
    }

    #[tokio::test]
    async fn the_last_sixteen_places_are_for_clinics_that_have_none() {
        let (app, _) = app().await;
        let mut slow = Vec::new();
        for _ in 0..4 {
            let receiver = Receiver::start().await;
            for _ in 0..3 {
                let tenant = app.tenant().await;
                for number in 0..4 {
                    add(&app, &tenant, &receiver.url(&format!("/hang?{number}"))).await;
                }
                for _ in 0..3 {
                    enqueue(&app, &tenant, "patient.created").await;
                }
            }
            slow.push(receiver);
        }
        let under_way = || slow.iter().map(|receiver| receiver.count("/hang")).collect::<Vec<_>>();
        let worker = Running::start(&app);
        while under_way().iter().sum::<usize>() < 48 {
            tokio::task::yield_now().await;
        }

        let receiver = Receiver::start().await;
        let tenant = app.tenant().await;
        add(&app, &tenant, &receiver.url("/hang")).await;
        for _ in 0..2 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        receiver.arrived("/hang", 1).await;
        let last = app.tenant().await;
        add(&app, &last, &receiver.url("/200")).await;
        enqueue(&app, &last, "patient.created").await;
        receiver.arrived("/200", 1).await;

        assert_eq!(under_way().iter().sum::<usize>(), 48);
        assert_eq!(receiver.count("/hang"), 1, "the second place of a clinic is none of the last");
        drop(worker);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_inside_since_it_was_saved_is_not_connected_to() {
        let (mut app, tenant) = app().await;
        Arc::get_mut(&mut app).unwrap().confine(NetworkScope::Public);
        let receiver = Receiver::start().await;
        app.names.set("turncoat.example", &["1.1.1.1"]);
        let made = add(&app, &tenant, "https://turncoat.example/200").await;
        assert_eq!(made.status, 201, "{}", made.text);
        app.names.set("turncoat.example", &["127.0.0.1"]);
        // TLS would not let it pass either: so that this is about the address.
        let plain = receiver.url_at("turncoat.example", "/200");
        app.database.run(&format!("UPDATE platform.webhook_endpoints SET url = '{plain}'")).await;
        enqueue(&app, &tenant, "patient.created").await;

        deliver(&app).await;

        assert!(receiver.posted().is_empty());
        assert_eq!(deliveries(&app).await, ["waiting"]);
        assert_eq!(attempts(&app).await, ("1".to_owned(), "none".to_owned()));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_has_not_arrived() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/redirect")).await;
        enqueue(&app, &tenant, "patient.created").await;
        deliver(&app).await;
        assert_eq!((receiver.count("/redirect"), receiver.count("/200")), (1, 0));
        assert_eq!(deliveries(&app).await, ["waiting"]);
        assert_eq!(attempts(&app).await, ("1".to_owned(), "307".to_owned()));
    }

    #[tokio::test]
    async fn an_endpoint_that_is_gone_is_disabled_and_what_waits_for_it_dropped() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        let made = add(&app, &tenant, &receiver.url("/410")).await;
        for _ in 0..5 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        deliver(&app).await;
        assert_eq!(receiver.count("/410"), 2, "two are under way at once, the others are not sent any more");
        assert_eq!(deliveries(&app).await, ["dropped"; 5]);
        let found = app.send(TestRequest::get(made.header("location").unwrap()).token(tenant.owner())).await;
        assert_eq!(found.data()["disabledAt"], app.clock.now().to_string());
        let audited = "SELECT clinic_id, module, actor_id = subject_id AS itself, subject_id
                         FROM kernel.audit_log WHERE action = 'webhook_endpoint.disabled'";
        let (clinic, id) = (tenant.clinic.to_string(), found.data()["id"].as_str().unwrap().to_owned());
        assert_eq!(app.database.rows(audited).await, [[&clinic, "webhook_deliverer", "t", &id]], "once");
        enqueue(&app, &tenant, "patient.created").await;
        assert_eq!(deliveries(&app).await.len(), 5, "it hears of nothing new");
    }

    #[tokio::test]
    async fn an_endpoint_that_was_deleted_or_disabled_or_is_pending_again_is_sent_nothing_that_still_waits() {
        for (change, expected) in [
            ("deleted_at = now()", "dropped"),
            ("disabled_at = now()", "dropped"),
            ("is_confirmed = false", "dropped"),
            ("updated_at = now()", "delivered"),
        ] {
            let (app, tenant) = app().await;
            let receiver = Receiver::start().await;
            add(&app, &tenant, &receiver.url("/200")).await;
            enqueue(&app, &tenant, "patient.created").await;
            // As if the deletion had missed what was fanned out at the same time.
            app.database.run(&format!("UPDATE platform.webhook_endpoints SET {change}")).await;

            assert_eq!(deliver(&app).await, 1);

            assert_eq!(deliveries(&app).await, [expected], "{change}");
            assert_eq!(receiver.posted().len(), usize::from(expected == "delivered"), "{change}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_deleted_while_a_call_hangs_is_sent_nothing_more_and_the_call_changes_nothing() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        // It answers only when something has arrived at the other one.
        let made = add(&app, &tenant, &receiver.url("/wait")).await;
        for _ in 0..5 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        let worker = Running::start(&app);
        receiver.arrived("/wait", 2).await;

        let address = made.header("location").unwrap();
        let deleted = app.send(TestRequest::new("DELETE", address).token(tenant.owner())).await;
        assert_eq!(deleted.status, 204);
        let other = app.tenant().await;
        add(&app, &other, &receiver.url("/200")).await;
        enqueue(&app, &other, "patient.created").await;

        assert_eq!(worker.ended().await, 3);
        deliver(&app).await;
        assert_eq!((receiver.count("/wait"), receiver.count("/200")), (2, 1));
        let of_deleted =
            "SELECT DISTINCT state FROM platform.webhook_deliveries WHERE clinic_id = '{clinic}'";
        let of_deleted = of_deleted.replace("{clinic}", &tenant.clinic.to_string());
        assert_eq!(app.database.rows(&of_deleted).await, [["dropped"]]);
    }

    #[tokio::test]
    async fn of_a_worker_killed_in_the_middle_what_arrived_is_done_and_the_rest_is_sent_when_its_lease_is_over()
     {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/hang")).await;
        add(&app, &tenant, &receiver.url("/200?other")).await;
        enqueue(&app, &tenant, "patient.created").await;
        let worker = Running::start(&app);
        receiver.arrived("/hang", 1).await;
        while deliveries(&app).await.iter().all(|state| state == "waiting") {
            tokio::task::yield_now().await;
        }
        worker.kill().await;
        let sql = "UPDATE platform.webhook_endpoints SET url = '{url}' WHERE url LIKE '%hang'";
        app.database.run(&sql.replace("{url}", &receiver.url("/200?again"))).await;

        assert_eq!(deliver(&app).await, 0, "it is on lease");
        let longest_run = <DeliverWebhooks as Worker>::TIMEOUT;
        app.clock.advance(SignedDuration::try_from(longest_run).unwrap());
        assert_eq!(deliver(&app).await, 0, "the worker could still be sending it");
        app.clock.advance(SignedDuration::from_secs(6));
        assert_eq!(deliver(&app).await, 1);

        let sent = |path: &str| -> Vec<_> {
            let posted = receiver.posted().into_iter().filter(|posted| posted.path == path);
            posted.map(|posted| posted.headers["webhook-id"].clone()).collect()
        };
        assert_eq!(sent("/200?again"), sent("/hang"));
        assert_eq!(sent("/200?other").len(), 1);
        assert_eq!(deliveries(&app).await, ["delivered"; 2]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_failed_delivery_is_repeated_by_the_table_under_one_id_and_fails_after_the_tenth() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/404")).await;
        enqueue(&app, &tenant, "patient.created").await;
        for wait in [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] {
            assert_eq!(deliver(&app).await, 1);
            let due = due_in(&app).await;
            let wait = f64::from(wait);
            assert!((wait..=wait * 1.1).contains(&due), "{due} for {wait}");
            app.clock.advance(SignedDuration::from_secs_f64(due - 1.0));
            assert_eq!(deliver(&app).await, 0, "not a second too early");
            app.clock.advance(SignedDuration::from_secs(1));
        }
        assert_eq!(deliver(&app).await, 1);
        assert_eq!(deliveries(&app).await, ["failed"]);
        assert_eq!(attempts(&app).await, ("10".to_owned(), "404".to_owned()));
        let posted = receiver.posted();
        assert_eq!(posted.len(), 10);
        assert!(posted.iter().all(|one| one.headers["webhook-id"] == posted[0].headers["webhook-id"]));
        assert!(posted.iter().all(|one| one.body == posted[0].body));
        assert_ne!(posted[0].headers["webhook-timestamp"], posted[9].headers["webhook-timestamp"]);
    }

    #[tokio::test]
    async fn an_endpoint_that_keeps_failing_is_left_alone_for_a_while_and_that_costs_no_attempt() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/500")).await;
        for _ in 0..8 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        deliver(&app).await;
        let sent = receiver.count("/500");
        assert!((5..=6).contains(&sent), "five, or six as two are under way at once: {sent}");
        let held =
            "SELECT count(*)::text FROM platform.webhook_deliveries WHERE attempts = 0 AND state = 'waiting'";
        assert_eq!(app.database.value(held).await, (8 - sent).to_string());
    }

    #[tokio::test]
    async fn an_endpoint_that_keeps_failing_holds_back_no_other_not_even_of_its_clinic_or_host() {
        let (app, tenant) = app().await;
        let (receiver, other) = (Receiver::start().await, app.tenant().await);
        add(&app, &tenant, &receiver.url("/500")).await;
        for _ in 0..8 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        deliver(&app).await;
        let sent = receiver.count("/500");
        assert!(sent < 8, "its breaker is open: {sent}");

        add(&app, &tenant, &receiver.url("/200")).await;
        add(&app, &other, &receiver.url("/201")).await;
        for tenant in [&tenant, &other] {
            for _ in 0..3 {
                enqueue(&app, tenant, "patient.created").await;
            }
        }
        deliver(&app).await;

        assert_eq!((receiver.count("/200"), receiver.count("/201")), (3, 3));
        assert_eq!(receiver.count("/500"), sent);
    }

    #[tokio::test]
    async fn a_host_is_sent_120_deliveries_of_a_clinic_a_minute_however_many_endpoints_it_has_there() {
        let (app, tenant) = app().await;
        let (receiver, other) = (Receiver::start().await, app.tenant().await);
        for number in 0..20 {
            add(&app, &tenant, &receiver.url(&format!("/204?{number}"))).await;
        }
        for _ in 0..7 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        deliver(&app).await;
        assert_eq!(receiver.count("/204"), 120);
        let waiting =
            "SELECT count(*), max(attempts) FROM platform.webhook_deliveries WHERE state = 'waiting'";
        assert_eq!(app.database.rows(waiting).await, [["20", "0"]], "they spent no attempt");

        add(&app, &other, &receiver.url("/200")).await;
        enqueue(&app, &other, "patient.created").await;
        app.clock.advance(SignedDuration::from_secs(59));
        deliver(&app).await;
        assert_eq!((receiver.count("/204"), receiver.count("/200")), (120, 1), "other clinics have theirs");
        app.clock.advance(SignedDuration::from_secs(1));
        deliver(&app).await;
        assert_eq!(receiver.count("/204"), 140);
    }

    #[tokio::test]
    async fn a_host_is_sent_480_deliveries_a_minute_and_another_host_has_its_own() {
        let (app, _) = app().await;
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        for _ in 0..5 {
            let tenant = app.tenant().await;
            for number in 0..20 {
                add(&app, &tenant, &receiver.url(&format!("/204?{number}"))).await;
            }
            for _ in 0..6 {
                enqueue(&app, &tenant, "patient.created").await;
            }
        }
        let tenant = app.tenant().await;
        add(&app, &tenant, &other.url("/200")).await;
        enqueue(&app, &tenant, "patient.created").await;
        deliver(&app).await;
        assert_eq!((receiver.count("/204"), other.count("/200")), (480, 1));
    }

    #[tokio::test]
    async fn what_is_held_back_keeps_what_the_receiver_last_said() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/500")).await;
        for _ in 0..5 {
            enqueue(&app, &tenant, "patient.created").await;
        }
        assert_eq!(deliver(&app).await, 5);
        let held = "SELECT attempts, last_status, state, due_at > '{now}' FROM platform.webhook_deliveries";
        app.clock.advance(SignedDuration::from_secs(6));
        assert_eq!(deliver(&app).await, 5, "all are due again, and the breaker is open");
        let held = held.replace("{now}", &app.clock.now().to_string());
        assert_eq!(app.database.rows(&held).await, vec![["1", "500", "waiting", "t"]; 5]);
        assert_eq!(receiver.count("/500"), 5);

        let sql = "UPDATE platform.webhook_endpoints SET disabled_at = now()";
        app.database.run(sql).await;
        app.clock.advance(SignedDuration::from_secs(30));
        assert_eq!(deliver(&app).await, 5, "nobody wants them any more");
        let dropped = "SELECT DISTINCT attempts, last_status, state FROM platform.webhook_deliveries";
        assert_eq!(app.database.rows(dropped).await, [["1", "500", "dropped"]]);
    }

    #[tokio::test]
    async fn what_cannot_be_sent_in_the_time_that_is_left_is_not_leased() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/200")).await;
        enqueue(&app, &tenant, "patient.created").await;
        let work_for = async |seconds| {
            let time = Duration::from_secs(seconds);
            app.work_for(
                time,
                "deliver-webhooks",
                Arc::new(InProcess::of(Vec::new())),
                Arc::new(Notices::none()),
            )
            .await
            .unwrap()
        };
        assert_eq!(work_for(19).await, 0);
        assert_eq!((receiver.count("/200"), due_in(&app).await), (0, 0.0));
        assert_eq!(work_for(25).await, 1);
        assert_eq!(deliveries(&app).await, ["delivered"]);
    }

    #[tokio::test]
    async fn what_ended_is_kept_for_thirty_days() {
        let (app, tenant) = app().await;
        let receiver = Receiver::start().await;
        add(&app, &tenant, &receiver.url("/200")).await;
        enqueue(&app, &tenant, "patient.created").await;
        deliver(&app).await;
        app.clock.advance(SignedDuration::from_hours(30 * 24));
        deliver(&app).await;
        assert_eq!(deliveries(&app).await, ["delivered"]);
        app.clock.advance(SignedDuration::from_secs(1));
        deliver(&app).await;
        assert!(deliveries(&app).await.is_empty());
    }
}
