use super::{add, address_of_new, app};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

const CONSUMER: &str = "export-patient-record";

pub(crate) async fn export(app: &TestApp, tenant: &Tenant, patient: &str) -> TestResponse {
    app.send(TestRequest::new("POST", &format!("{patient}/export")).token(tenant.owner())).await
}

/// The events that ask for the parts of exports.
pub(crate) async fn events(app: &TestApp) -> Vec<Event> {
    let mut events = app.events().await;
    events.retain(|event| event.kind == "patient.export_requested");
    events
}

/// The event that asks for the parts of the export just queued.
async fn request(app: &TestApp) -> Event {
    events(app).await.pop().unwrap()
}

/// A patient's export, queued, with its event.
async fn queued(name: &str) -> (Arc<TestApp>, Tenant, Event) {
    let (app, tenant) = app().await;
    let patient = address_of_new(&app, &tenant, name).await;
    assert_eq!(export(&app, &tenant, &patient).await.status, 202);
    let event = request(&app).await;
    (app, tenant, event)
}

async fn job(app: &TestApp) -> Vec<String> {
    let sql = "SELECT state, done, total, COALESCE(failure, '') FROM kernel.jobs";
    app.database.rows(sql).await.remove(0)
}

async fn part(app: &TestApp) -> Value {
    let sql = "SELECT content FROM kernel.job_parts WHERE name = 'patients'";
    serde_json::from_str(&app.database.value(sql).await).unwrap()
}

#[tokio::test]
async fn an_export_is_queued_and_its_part_has_the_person_and_nobody_else() {
    let (app, tenant) = app().await;
    let body = json!({ "fullName": "Beatriz", "phone": "+5511987654321", "notes": "Prefers mornings." });
    let patient = add(&app, &tenant, &body).await.header("location").unwrap().to_owned();
    address_of_new(&app, &tenant, "Somebody Else").await;
    let edit = json!({ "fullName": "Beatriz Lima" });
    let edited = TestRequest::patch(&patient, &edit).token(tenant.owner()).header("if-match", "\"1\"");
    assert_eq!(app.send(edited).await.status, 200);

    let accepted = export(&app, &tenant, &patient).await;
    let location = accepted.header("location").unwrap().to_owned();
    assert_eq!(location, format!("/api/v1/jobs/{}", accepted.data()["id"].as_str().unwrap()));
    assert_eq!((&accepted.data()["state"], &accepted.data()["total"]), (&json!("queued"), &json!(2)));

    app.take(CONSUMER, &request(&app).await).await.unwrap();

    let part = part(&app).await;
    assert_eq!(part["patient"]["fullName"], "Beatriz Lima");
    assert_eq!(part["patient"]["phone"], "+5511987654321");
    let history = part["history"].as_array().unwrap();
    let names: Vec<_> = history.iter().map(|each| (&each["version"], &each["fullName"])).collect();
    assert_eq!(names, [(&json!(1), &json!("Beatriz")), (&json!(2), &json!("Beatriz Lima"))]);
    for at in [&part["patient"]["createdAt"], &part["patient"]["updatedAt"], &history[0]["at"]] {
        let at = at.as_str().unwrap();
        assert_eq!(at.parse::<jiff::Timestamp>().unwrap().to_string(), at, "an instant as the API writes it");
    }
    let text = part.to_string();
    assert!(!text.contains("Somebody Else"), "{text}");
    assert!(!text.contains(&tenant.user(Role::Owner).to_string()), "who edited it is somebody else: {text}");
    assert_eq!(job(&app).await, ["running", "1", "2", ""]);
}

#[tokio::test]
async fn an_archived_patient_is_still_held_and_so_exported() {
    let (app, tenant) = app().await;
    let patient = address_of_new(&app, &tenant, "Archived").await;
    app.database.run("UPDATE patients.patients SET deleted_at = now()").await;
    assert_eq!(export(&app, &tenant, &patient).await.status, 202);
    app.take(CONSUMER, &request(&app).await).await.unwrap();
    assert_ne!(part(&app).await["patient"]["deletedAt"], Value::Null);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn an_event_delivered_to_ten_at_once_has_one_effect() {
        let (app, _, event) = queued("Twice").await;
        let taking = (0..10).map(|_| {
            let (app, event) = (Arc::clone(&app), event.clone());
            tokio::spawn(async move { app.take(CONSUMER, &event).await })
        });
        for taken in taking.collect::<Vec<_>>() {
            taken.await.unwrap().unwrap();
        }
        assert_eq!(job(&app).await, ["running", "1", "2", ""]);
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.job_parts").await, "1");
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.inbox").await, "1");
    }

    #[tokio::test]
    async fn a_consumer_killed_in_its_transaction_leaves_nothing_and_the_next_one_does_it_all() {
        let (app, _, event) = queued("Killed").await;
        // Somebody holds the job, so that the consumer waits in the middle of its transaction.
        let hold = "BEGIN; SELECT 1 FROM kernel.jobs FOR UPDATE; SELECT pg_sleep(0.5); COMMIT";
        let database = app.database.clone();
        let holding = tokio::spawn(async move { database.run(hold).await });
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND ";
        let until = async |state: &str| {
            while app.database.value(&format!("{waiting}{state}")).await == "0" {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        until("wait_event = 'PgSleep'").await;
        let killed = tokio::spawn({
            let (app, event) = (Arc::clone(&app), event.clone());
            async move { app.take(CONSUMER, &event).await }
        });
        until("usename = 'patients' AND wait_event_type = 'Lock'").await;
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE usename = 'patients' AND datname = current_database() AND wait_event_type = 'Lock'";
        app.database.run(kill).await;
        killed.abort();
        holding.await.unwrap();

        assert_eq!(app.database.value("SELECT count(*) FROM kernel.inbox").await, "0");
        assert_eq!(job(&app).await[0], "queued");
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(job(&app).await, ["running", "1", "2", ""]);
    }

    #[tokio::test]
    async fn the_same_request_twice_queues_one_job() {
        let (app, tenant) = app().await;
        let patient = address_of_new(&app, &tenant, "Once").await;
        let request =
            || TestRequest::new("POST", &format!("{patient}/export")).token(tenant.owner()).key("k");
        let answers = app.send_at_once(vec![request(), request(), request()]).await;
        assert!(answers.iter().all(|answer| answer.status == 202));
        assert!(answers.iter().all(|answer| answer.data()["id"] == answers[0].data()["id"]));
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.jobs").await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn an_event_whose_predecessor_was_not_taken_waits() {
        let (app, _, first) = queued("Ordered").await;
        let second = "INSERT INTO kernel.outbox
                             (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
                      SELECT uuidv7(), clinic_id, module, aggregate, aggregate_id, 2, kind,
                             ids || jsonb_build_object('jobId', uuidv7()), traceparent, now(), now()
                        FROM kernel.outbox WHERE kind = 'patient.export_requested'";
        app.database.run(second).await;
        let second = app.events().await.into_iter().find(|event| event.seq == 2).unwrap();

        let refused = app.take(CONSUMER, &second).await.unwrap_err();
        assert_eq!(refused.problem.code, "EVENT_OUT_OF_TURN");
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.inbox").await, "0");

        app.take(CONSUMER, &first).await.unwrap();
        app.take(CONSUMER, &second).await.unwrap();
        app.take(CONSUMER, &first).await.unwrap();
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.inbox").await, "2");
    }

    #[tokio::test]
    async fn where_the_event_cannot_be_written_there_is_no_job() {
        let (app, tenant) = app().await;
        let patient = address_of_new(&app, &tenant, "Unannounced").await;
        app.database
            .run("ALTER TABLE kernel.outbox ADD CONSTRAINT no_room CHECK (kind = 'patient.created')")
            .await;
        assert_eq!(export(&app, &tenant, &patient).await.status, 500);
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.jobs").await, "0");
    }

    #[tokio::test]
    async fn what_was_called_off_gets_no_part() {
        let (app, _, event) = queued("Cancelled").await;
        app.database.run("UPDATE kernel.jobs SET state = 'cancelled', finished_at = now()").await;
        app.take(CONSUMER, &event).await.unwrap();
        assert_eq!(job(&app).await, ["cancelled", "0", "2", ""]);
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.job_parts").await, "0");
    }

    #[tokio::test]
    async fn another_clinics_patient_is_not_found_and_queues_nothing() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = address_of_new(&app, &other, "Foreign").await;
        let refused = export(&app, &tenant, &foreign).await;
        assert_eq!(refused.refusal(), (404, "PATIENT_NOT_FOUND"));
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.jobs").await, "0");
    }

    #[tokio::test]
    async fn a_forged_event_of_another_clinic_shows_nothing_of_this_one() {
        let (app, _, event) = queued("Private").await;
        let other = app.tenant().await;
        let forged = Event { clinic_id: other.clinic, ..event };
        app.take(CONSUMER, &forged).await.unwrap();
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.job_parts").await, "0");
        assert_eq!(job(&app).await, ["queued", "0", "2", ""]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_member_may_ask_for_five_an_hour_and_a_repetition_counts() {
        let (app, tenant) = app().await;
        let patient = address_of_new(&app, &tenant, "Beatriz").await;
        let mut app = Arc::into_inner(app).unwrap();
        app.limit(None);
        let ask = |key: &str| TestRequest::new("POST", &format!("{patient}/export")).key(key);
        for key in ["a", "a", "b", "c", "d"] {
            assert_eq!(app.send(ask(key).token(tenant.owner())).await.status, 202, "{key}");
        }
        let refused = app.send(ask("e").token(tenant.owner())).await;
        assert_eq!(refused.refusal(), (429, "RATE_LIMITED"));
        assert_eq!(refused.header("ratelimit-policy"), Some("\"export\";q=5;w=3600"));
        assert_eq!(refused.header("retry-after"), Some("720"));
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.jobs").await, "4");
        let other = app.send(ask("e").token(tenant.token(Role::Admin))).await;
        assert_eq!(other.status, 202, "another member");
    }

    #[tokio::test]
    async fn whoever_has_not_confirmed_the_address_gets_no_export() {
        let (app, tenant) = app().await;
        let patient = address_of_new(&app, &tenant, "Beatriz").await;
        app.database.run("UPDATE identity.accounts SET email_verified_at = NULL").await;
        assert_eq!(export(&app, &tenant, &patient).await.refusal(), (403, "EMAIL_NOT_VERIFIED"));
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.jobs").await, "0");
        // Whoever signed in before may be the one who signed up with another one's address.
        let now = app.clock.now();
        let confirm =
            |at: jiff::Timestamp| format!("UPDATE identity.accounts SET email_verified_at = '{at}'");
        app.database.run(&confirm(now + SignedDuration::from_micros(1))).await;
        assert_eq!(export(&app, &tenant, &patient).await.refusal(), (403, "EMAIL_NOT_VERIFIED"));
        app.database.run(&confirm(now)).await;
        assert_eq!(export(&app, &tenant, &patient).await.status, 202);
    }

    #[tokio::test]
    async fn a_patient_with_nothing_but_a_name_has_a_whole_export() {
        let (app, _, event) = queued("Empty").await;
        app.take(CONSUMER, &event).await.unwrap();
        let part = part(&app).await;
        assert_eq!((&part["patient"]["phone"], &part["patient"]["notes"]), (&Value::Null, &Value::Null));
        assert_eq!(part["history"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn at_the_last_failure_the_job_has_failed_and_not_before() {
        let (app, _, event) = queued("Failing").await;
        // Its part cannot be written.
        app.database.run("ALTER TABLE kernel.job_parts ADD CONSTRAINT no_room CHECK (false)").await;
        assert!(app.take(CONSUMER, &event).await.is_err());
        assert_eq!(job(&app).await[0], "queued");
        assert!(app.take_last(CONSUMER, &event).await.is_err());
        assert_eq!(job(&app).await, ["failed", "0", "2", "EXPORT_FAILED"]);
    }

    #[tokio::test]
    async fn an_event_without_its_ids_is_refused() {
        let (app, _, event) = queued("Bare").await;
        let bare = Event { ids: [].into(), ..event };
        let refused = app.take(CONSUMER, &bare).await.unwrap_err();
        assert_eq!(refused.private.as_deref(), Some("the event has no jobId"));
    }
}
