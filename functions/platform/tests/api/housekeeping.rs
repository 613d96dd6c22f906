use super::house::{days_ago, discard, job, key, later, left, mail, sent, stream, taken};
use super::outbox_relay::count;
use super::webhooks::{app, deliveries};
use futures_util::future::join_all;
use testkit::TestApp;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};
use tokio_postgres::NoTls;

const WORKER: &str = "housekeeping";
const CONSUMER: &str = "fan-out-webhooks";

/// Has all dead letters sent again.
const REPLAY: &str = "UPDATE kernel.dead_letters SET replay_at = '2000-01-01Z'";

async fn keep_house(app: &TestApp) -> usize {
    app.work(WORKER, None).await.unwrap()
}

#[tokio::test]
async fn an_event_that_everybody_took_goes_with_every_trace_and_the_next_one_of_its_stream_has_its_turn() {
    let (app, tenant) = app().await;
    let events = stream(&app, &tenant, 3).await;
    let old = days_ago(&app, 30);
    for event in &events[..2] {
        taken(&app, CONSUMER, event, old).await;
    }
    taken(&app, "somebody-who-is-no-more", &events[0], old).await;
    sent(&app, old).await;

    assert_eq!(keep_house(&app).await, 2);
    assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![3], 0));
    app.take(CONSUMER, &events[2]).await.unwrap();
    assert_eq!(count(&app, "inbox").await, 1);
    assert_eq!(keep_house(&app).await, 0, "it was taken today");
}

#[tokio::test]
async fn an_event_that_comes_again_while_it_is_kept_has_no_second_effect() {
    let (app, tenant) = app().await;
    super::webhooks::add(&app, &tenant, "https://a.example/").await;
    app.database.run("UPDATE platform.webhook_endpoints SET kinds = ARRAY['patient.updated']").await;
    let events = stream(&app, &tenant, 2).await;
    app.take(CONSUMER, &events[0]).await.unwrap();
    let kept = later(days_ago(&app, 30));
    app.database.run(&format!("UPDATE kernel.inbox SET created_at = '{kept}'")).await;
    sent(&app, kept).await;

    assert_eq!(keep_house(&app).await, 0);
    app.take(CONSUMER, &events[0]).await.unwrap();
    assert_eq!(deliveries(&app).await, ["waiting"]);
    // Not even of the delivery something is left to know it by: the inbox alone does.
    app.database.run("DELETE FROM platform.webhook_deliveries").await;
    app.take(CONSUMER, &events[0]).await.unwrap();
    assert!(deliveries(&app).await.is_empty());
}

#[tokio::test]
async fn a_dead_letter_keeps_its_event_and_what_is_behind_it_and_they_are_taken_in_order_in_the_end() {
    let (app, tenant) = app().await;
    let events = stream(&app, &tenant, 3).await;
    taken(&app, CONSUMER, &events[0], days_ago(&app, 400)).await;
    discard(&app, CONSUMER, &events[1]).await;
    sent(&app, days_ago(&app, 400)).await;

    assert_eq!(keep_house(&app).await, 1);
    assert_eq!(left(&app).await, [2, 3]);
    let early = app.take(CONSUMER, &events[2]).await.unwrap_err();
    assert_eq!(early.problem.code, "EVENT_OUT_OF_TURN");
    app.take(CONSUMER, &events[1]).await.unwrap();
    app.take(CONSUMER, &events[2]).await.unwrap();
    assert_eq!(count(&app, "inbox").await, 2);
}

#[tokio::test]
async fn an_event_that_waits_in_a_queue_which_the_database_does_not_know_stays_and_holds_back_the_next() {
    let (app, tenant) = app().await;
    let events = stream(&app, &tenant, 2).await;
    sent(&app, days_ago(&app, 400)).await;

    assert_eq!(keep_house(&app).await, 0);
    assert_eq!(left(&app).await, [1, 2]);
    assert_eq!(app.take(CONSUMER, &events[1]).await.unwrap_err().problem.code, "EVENT_OUT_OF_TURN");
}

#[tokio::test]
async fn a_dead_letter_that_was_taken_after_all_is_sent_again_without_a_second_effect() {
    let (app, tenant) = app().await;
    let events = stream(&app, &tenant, 1).await;
    taken(&app, CONSUMER, &events[0], days_ago(&app, 400)).await;
    sent(&app, days_ago(&app, 400)).await;
    discard(&app, CONSUMER, &events[0]).await;
    assert_eq!(keep_house(&app).await, 0, "it may be sent again on any day");
    assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![1], 1));

    app.database.run(REPLAY).await;
    app.work("outbox-relay", None).await.unwrap();

    assert_eq!(count(&app, "dead_letters").await, 0);
    assert_eq!(keep_house(&app).await, 0, "it has just been sent");
    assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![1], 1));
    sent(&app, days_ago(&app, 30)).await;
    assert_eq!(keep_house(&app).await, 1);
    assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![], 0));
}

#[tokio::test]
async fn what_nobody_hears_goes_too() {
    let (app, tenant) = app().await;
    stream(&app, &tenant, 2).await;
    app.database.run("UPDATE kernel.outbox SET kind = 'thing.unheard'").await;
    sent(&app, days_ago(&app, 30)).await;
    assert_eq!(keep_house(&app).await, 2);
    assert_eq!(left(&app).await, [0; 0]);
}

#[tokio::test]
async fn the_audit_log_stays_whatever_its_age() {
    let (app, tenant) = app().await;
    let sql = format!(
        "INSERT INTO kernel.audit_log
                (id, clinic_id, module, actor_id, action, subject, subject_id, request_id, created_at)
         VALUES (uuidv7(), '{}', 'patients', uuidv7(), 'sample.read', 'sample', uuidv7(), 'r', '2000-01-01Z')",
        tenant.clinic
    );
    app.database.run(&sql).await;
    assert_eq!(keep_house(&app).await, 0);
    assert_eq!(count(&app, "audit_log").await, 1);
}

#[tokio::test]
async fn the_built_function_keeps_house_by_the_clock() {
    let (app, tenant) = app().await;
    key(&app, &tenant, days_ago(&app, 1)).await;
    let url = app.database.function_url("housekeeper");
    let function = Environment::start(&program(WORKER), &[("DATABASE_URL", url.as_str())]).await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/housekeeping.json");
    let clock = std::fs::read_to_string(root).unwrap();
    assert_eq!(function.invoke(&clock, FAR_AWAY).await, Outcome::Response(r#"{"done":1}"#.to_owned()));
    assert_eq!(count(&app, "idempotency_keys").await, 0);
    function.stopped().await;
}

mod race {
    use super::*;

    #[tokio::test]
    async fn many_housekeepers_at_once_share_the_work_and_none_fails() {
        let (app, tenant) = app().await;
        let old = days_ago(&app, 31);
        let sql = format!(
            "INSERT INTO kernel.outbox
                    (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at,
                     sent_at)
             SELECT uuidv7(), '{clinic}', 'patients', 'patient', uuidv7(), 1, 'patient.created', '{{}}', '', now(), now(),
                    '{old}'
               FROM generate_series(1, 2500);
             INSERT INTO kernel.inbox (consumer, event_id, clinic_id, module, created_at, updated_at)
             SELECT '{CONSUMER}', id, clinic_id, 'platform', sent_at, sent_at FROM kernel.outbox;
             INSERT INTO kernel.idempotency_keys
                    (clinic_id, module, caller_id, key, fingerprint, reply, expires_at, created_at, updated_at)
             SELECT '{clinic}', 'billing', '{clinic}', k::text, decode(repeat('00', 32), 'hex'), '{{}}', '{old}', now(), now()
               FROM generate_series(1, 2500) AS k",
            clinic = tenant.clinic
        );
        app.database.run(&sql).await;

        let gone: usize = join_all((0..4).map(|_| keep_house(&app))).await.into_iter().sum();

        assert_eq!(gone, 5_000, "each row was one housekeeper's");
        for table in ["outbox", "inbox", "idempotency_keys"] {
            assert_eq!(count(&app, table).await, 0, "{table}");
        }
    }

    #[tokio::test]
    async fn what_somebody_has_locked_is_stepped_over_and_goes_the_next_time() {
        let (app, tenant) = app().await;
        let events = stream(&app, &tenant, 2).await;
        let old = days_ago(&app, 100);
        for event in &events {
            taken(&app, CONSUMER, event, old).await;
        }
        sent(&app, old).await;
        for at in [old, later(old)] {
            key(&app, &tenant, at).await;
            job(&app, &tenant, "running", at).await;
            mail(&app, &tenant, "sent", at).await;
        }
        let (holder, connection) =
            tokio_postgres::connect(&app.database.url("postgres"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let held = "BEGIN;
                    SELECT 1 FROM kernel.outbox WHERE seq = 1 FOR UPDATE;
                    SELECT 1 FROM kernel.idempotency_keys ORDER BY expires_at LIMIT 1 FOR UPDATE;
                    SELECT 1 FROM kernel.jobs ORDER BY expires_at LIMIT 1 FOR UPDATE;
                    SELECT 1 FROM kernel.mails ORDER BY updated_at LIMIT 1 FOR UPDATE";
        holder.batch_execute(held).await.unwrap();

        assert_eq!(keep_house(&app).await, 4);
        assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![1], 1));
        holder.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(keep_house(&app).await, 4);
        assert_eq!((left(&app).await, count(&app, "inbox").await), (vec![], 0));
    }

    #[tokio::test]
    async fn events_that_are_sent_again_while_housekeepers_look_at_them_stay() {
        let (app, tenant) = app().await;
        let events = stream(&app, &tenant, 300).await;
        let old = days_ago(&app, 100);
        for event in &events {
            taken(&app, CONSUMER, event, old).await;
            discard(&app, CONSUMER, event).await;
        }
        sent(&app, old).await;
        app.database.run(REPLAY).await;
        let housekeepers = join_all((0..20).map(|_| keep_house(&app)));
        let (replayed, gone) = tokio::join!(app.work("outbox-relay", None), housekeepers);
        assert_eq!((replayed.unwrap(), gone.into_iter().sum::<usize>()), (300, 0));
        assert_eq!((count(&app, "dead_letters").await, count(&app, "inbox").await), (0, 300));
    }
}

mod integrity {
    use super::*;

    const DENIED: &str = "42501";

    /// What the role may delete from.
    const SWEPT: [&str; 6] = [
        "kernel.idempotency_keys",
        "kernel.inbox",
        "kernel.jobs",
        "kernel.mails",
        "kernel.outbox",
        "kernel.rate_buckets",
    ];

    #[tokio::test]
    async fn its_role_deletes_from_its_tables_and_reads_no_row_whole_and_does_nothing_else() {
        let (app, _) = app().await;
        assert_eq!(app.database.only_deletes("housekeeper").await, SWEPT);
    }

    #[tokio::test]
    async fn whatever_it_tries_nothing_that_is_not_over_goes_and_nothing_changes() {
        let (app, tenant) = app().await;
        stream(&app, &tenant, 1).await;
        let tomorrow = days_ago(&app, -1);
        key(&app, &tenant, tomorrow).await;
        job(&app, &tenant, "running", tomorrow).await;
        mail(&app, &tenant, "queued", days_ago(&app, 400)).await;
        for table in SWEPT {
            app.database.run_as("housekeeper", &format!("DELETE FROM {table}")).await.unwrap();
        }
        for table in ["outbox", "idempotency_keys", "jobs", "job_parts", "mails"] {
            assert_eq!(count(&app, table).await, 1, "{table}");
        }

        // What is over may be locked, and not be changed.
        sent(&app, days_ago(&app, 0)).await;
        let change = "UPDATE kernel.outbox SET updated_at = now()";
        assert_eq!(app.database.run_as("housekeeper", change).await.unwrap_err(), DENIED);
    }

    #[tokio::test]
    async fn a_kind_that_fails_holds_up_no_other_and_the_run_says_so() {
        let (app, tenant) = app().await;
        let old = days_ago(&app, 100);
        stream(&app, &tenant, 1).await;
        sent(&app, old).await;
        app.database.run("UPDATE kernel.outbox SET kind = 'thing.unheard'").await;
        key(&app, &tenant, old).await;
        mail(&app, &tenant, "sent", old).await;
        app.database.run("REVOKE DELETE ON kernel.outbox, kernel.jobs FROM housekeeper").await;

        let fault = app.work(WORKER, None).await.unwrap_err();

        assert!(fault.private.unwrap().contains("platform.delete_old_events"));
        assert_eq!((count(&app, "outbox").await, count(&app, "idempotency_keys").await), (1, 0));
        assert_eq!(count(&app, "mails").await, 0);
        app.database.run("GRANT DELETE ON kernel.outbox, kernel.jobs TO housekeeper").await;
        assert_eq!(keep_house(&app).await, 1);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_event_stays_until_thirty_days_after_it_was_last_sent_and_last_taken_by_everybody() {
        let (app, tenant) = app().await;
        let (over, kept) = (days_ago(&app, 30), later(days_ago(&app, 30)));
        let consumers = super::super::outbox_relay::CONSUMERS;
        // Sent, taken by the one, taken by the other; whether it goes.
        let cases = [
            (Some(over), Some(over), Some(over), true),
            (Some(kept), Some(over), Some(over), false),
            (Some(over), Some(kept), Some(over), false),
            (Some(over), Some(over), Some(kept), false),
            (Some(over), Some(over), None, false),
            (None, Some(over), Some(over), false),
        ];
        for (sent_at, one, other, goes) in cases {
            app.database.run("TRUNCATE kernel.outbox, kernel.inbox").await;
            let event = stream(&app, &tenant, 1).await.remove(0);
            let sent_at = sent_at.map_or_else(|| "NULL".to_owned(), |at| format!("'{at}'"));
            let sql =
                format!("UPDATE kernel.outbox SET kind = 'patient.export_requested', sent_at = {sent_at}");
            app.database.run(&sql).await;
            for (consumer, at) in consumers.iter().zip([one, other]) {
                if let Some(at) = at {
                    taken(&app, consumer, &event, at).await;
                }
            }
            let noted = count(&app, "inbox").await;

            assert_eq!(keep_house(&app).await, usize::from(goes), "{sent_at} {one:?} {other:?}");
            let left = (count(&app, "outbox").await, count(&app, "inbox").await);
            assert_eq!(left, if goes { (0, 0) } else { (1, noted) }, "{sent_at} {one:?} {other:?}");
        }
    }

    #[tokio::test]
    async fn keys_and_jobs_go_when_they_expire_whatever_became_of_the_job() {
        let (app, tenant) = app().await;
        let now = days_ago(&app, 0);
        for at in [now, later(now), days_ago(&app, -1)] {
            key(&app, &tenant, at).await;
            for state in ["queued", "running", "succeeded"] {
                job(&app, &tenant, state, at).await;
            }
        }
        assert_eq!(keep_house(&app).await, 4);
        let left = [count(&app, "idempotency_keys").await, count(&app, "jobs").await];
        assert_eq!((left, count(&app, "job_parts").await), ([2, 6], 6), "parts go with their job");
        let over = format!("SELECT count(*) FROM kernel.jobs WHERE expires_at <= '{now}'");
        assert_eq!(app.database.value(&over).await, "0");
    }

    #[tokio::test]
    async fn buckets_go_an_hour_after_they_were_full_again() {
        let (app, _) = app().await;
        let bucket = |name: &str, ago: &str| {
            format!(
                "INSERT INTO kernel.rate_buckets (bucket, used_until, granted, created_at, updated_at)
                 VALUES ('{name}', now() - interval '{ago}', 0, now(), now())"
            )
        };
        for (name, ago) in [("old", "61 minutes"), ("young", "59 minutes"), ("used", "-1 minute")] {
            app.database.run(&bucket(name, ago)).await;
        }
        assert_eq!(keep_house(&app).await, 1);
        let left = "SELECT string_agg(bucket, ' ' ORDER BY bucket) FROM kernel.rate_buckets";
        assert_eq!(app.database.value(left).await, "used young");
    }

    #[tokio::test]
    async fn mails_go_ninety_days_after_they_ended_and_those_that_wait_never() {
        let (app, tenant) = app().await;
        let over = days_ago(&app, 90);
        for state in ["queued", "sent", "failed", "bounced", "complained"] {
            mail(&app, &tenant, state, over).await;
            mail(&app, &tenant, state, later(over)).await;
        }
        assert_eq!(keep_house(&app).await, 4);
        let left = format!("SELECT string_agg(state, ' ') FROM kernel.mails WHERE updated_at = '{over}'");
        assert_eq!((app.database.value(&left).await.as_str(), count(&app, "mails").await), ("queued", 6));
    }

    #[tokio::test]
    async fn what_stays_hides_nothing_behind_it_however_much_it_is() {
        let (app, tenant) = app().await;
        let sql = format!(
            "INSERT INTO kernel.outbox
                    (id, clinic_id, module, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at,
                     sent_at)
             SELECT uuidv7(), '{}', 'patients', 'patient', uuidv7(), 1,
                    CASE WHEN number <= 2500 THEN 'patient.created' ELSE 'thing.unheard' END, '{{}}', '', now(), now(),
                    '{}'::timestamptz + number / 2 * interval '1 second'
               FROM generate_series(1, 3700) AS number",
            tenant.clinic,
            days_ago(&app, 100)
        );
        app.database.run(&sql).await;
        assert_eq!(keep_house(&app).await, 1_200);
        assert_eq!(count(&app, "outbox").await, 2_500);
        assert_eq!(count(&app, "outbox WHERE kind = 'thing.unheard'").await, 0);
    }

    #[tokio::test]
    async fn in_an_empty_house_there_is_nothing_to_do() {
        let (app, _) = app().await;
        assert_eq!(keep_house(&app).await, 0);
    }
}
