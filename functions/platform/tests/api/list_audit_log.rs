use super::webhooks::{add, app};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::{Clock as _, Ids as _, SystemIds};
use std::collections::BTreeSet;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};
use uuid::Uuid;

const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/audit-log{query}")).token(tenant.owner())).await
}

fn cursor(answer: &TestResponse) -> &str {
    answer.json.pointer("/meta/nextCursor").and_then(Value::as_str).unwrap_or_default()
}

/// The ids of what a page lists, in its order.
fn ids(answer: &TestResponse) -> Vec<Uuid> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// What somebody did.
struct Done {
    actor: Uuid,
    action: &'static str,
    about: Option<Uuid>,
    at: Timestamp,
}

impl Done {
    /// A read of a patient.
    fn read(actor: Uuid, about: Uuid, at: Timestamp) -> Self {
        Self { actor, action: "patient.read", about: Some(about), at }
    }
}

/// Adds a row to the clinic's log, past the endpoints. Its subject is the word before the action's point.
async fn note(app: &TestApp, tenant: &Tenant, done: Done) -> Uuid {
    let id = SystemIds.new_id(done.at);
    let about = done.about.map_or_else(|| "NULL".to_owned(), |about| format!("'{about}'"));
    let (Done { actor, action, at, .. }, clinic) = (done, tenant.clinic);
    let sql = format!(
        "INSERT INTO kernel.audit_log
                (id, clinic_id, module, actor_id, action, subject, subject_id, about, request_id, created_at)
         VALUES ('{id}', '{clinic}', 'patients', '{actor}', '{action}', split_part('{action}', '.', 1), '{id}',
                 {about}, 'r', '{at}')"
    );
    app.database.run(&sql).await;
    id
}

/// The rows that the database holds of a clinic, as the API shows them, newest first.
async fn held(app: &TestApp, tenant: &Tenant, condition: &str) -> Vec<Value> {
    let sql = "SELECT jsonb_build_object(
                          'id', id, 'createdAt', kernel.instant(created_at),
                          'actorId', CASE WHEN actor_id::text NOT LIKE '00000000-%' THEN actor_id END,
                          'action', action, 'subject', subject, 'subjectId', subject_id, 'about', about,
                          'clientAddress', split_part(client_address::text, '/', 1), 'requestId', request_id)::text
                 FROM kernel.audit_log
                WHERE clinic_id = '{clinic}' AND {condition}
                ORDER BY created_at DESC, id DESC";
    let sql = sql.replace("{clinic}", &tenant.clinic.to_string()).replace("{condition}", condition);
    let rows = app.database.rows(&sql).await.concat();
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

#[tokio::test]
async fn who_did_what_is_listed_from_the_newest_to_the_oldest_as_the_log_has_it() {
    let (app, tenant) = app().await;
    let made = add(&app, &tenant, "https://a.example/").await;
    let address = made.header("location").unwrap();
    app.clock.advance(SignedDuration::from_millis(1500));
    let secret = TestRequest::new("POST", &format!("{address}/secret"));
    let rotated = app.send(secret.token(tenant.token(Role::Admin))).await;
    app.clock.advance(SignedDuration::from_secs(1));
    let patient = SystemIds.new_id(app.clock.now());
    note(&app, &tenant, Done::read(tenant.user(Role::Clinician), patient, app.clock.now())).await;
    let refused = "INSERT INTO kernel.audit_log
                          (id, clinic_id, module, actor_id, action, subject, subject_id, client_address, request_id,
                           created_at)
                   VALUES (uuidv7(), '{clinic}', 'identity', '00000000-0000-0000-0000-000000000000', 'session.refused',
                           'account', uuidv7(), '{address}', 'r', '{at}')";
    for (address, seconds) in [("2001:db8::7", 1), ("203.0.113.7", 2)] {
        let at = app.clock.now() + SignedDuration::from_secs(seconds);
        let sql = refused.replace("{clinic}", &tenant.clinic.to_string()).replace("{address}", address);
        app.database.run(&sql.replace("{at}", &at.to_string())).await;
    }
    app.clock.advance(SignedDuration::from_secs(5));

    let first = list(&app, &tenant, "?limit=3&includeTotal=true").await;
    let second = list(&app, &tenant, &format!("?limit=3&cursor={}", cursor(&first))).await;

    let held = held(&app, &tenant, "true").await;
    assert_eq!(held.len(), 5);
    let shown = [first.data().as_array().unwrap().as_slice(), second.data().as_array().unwrap()].concat();
    assert_eq!(shown, held);
    assert_eq!(shown[0]["clientAddress"], "203.0.113.7");
    assert_eq!((&shown[1]["actorId"], &shown[1]["clientAddress"]), (&Value::Null, &json!("2001:db8::7")));
    assert_eq!(shown[2]["about"], patient.to_string());
    let expected = json!({
        "id": shown[3]["id"], "createdAt": shown[3]["createdAt"], "actorId": tenant.user(Role::Admin),
        "action": "webhook_secret.rotated", "subject": "webhook_endpoint", "subjectId": made.data()["id"],
        "about": null, "clientAddress": null, "requestId": rotated.header("x-request-id"),
    });
    assert_eq!(shown[3], expected);
    let meta = &first.json["meta"];
    assert_eq!((&meta["page"], &meta["total"], &meta["hasMore"]), (&json!(1), &json!(5), &json!(true)));
    assert_eq!((&second.json["meta"]["page"], &second.json["meta"]["hasMore"]), (&json!(2), &json!(false)));
}

#[tokio::test]
async fn each_filter_narrows_the_list_and_what_is_counted_and_so_do_all_of_them() {
    let (app, tenant) = app().await;
    let now = app.clock.now();
    let [ana, bia] = [Role::Clinician, Role::FrontDesk].map(|role| tenant.user(role));
    let [carla, dora] = [(); 2].map(|()| SystemIds.new_id(now));
    for (hours, actor, action, about) in [
        (6, ana, "patient.read", Some(carla)),
        (5, bia, "patient.read", Some(carla)),
        (4, ana, "patient.updated", Some(dora)),
        (3, ana, "transaction.recorded", Some(carla)),
        (2, bia, "webhook_endpoint.created", None),
        (1, Uuid::nil(), "session.refused", None),
    ] {
        note(&app, &tenant, Done { actor, action, about, at: now - SignedDuration::from_hours(hours) }).await;
    }
    let ago = |hours| (now - SignedDuration::from_hours(hours)).to_string();
    let nil = Uuid::nil();
    for (query, condition, count) in [
        (String::new(), "true".to_owned(), 6),
        (format!("from={}", ago(4)), format!("created_at >= '{}'", ago(4)), 4),
        (format!("to={}", ago(4)), format!("created_at < '{}'", ago(4)), 2),
        (format!("actorId={ana}"), format!("actor_id = '{ana}'"), 3),
        (format!("actorId={nil}"), format!("actor_id = '{nil}'"), 1),
        ("subject=patient".to_owned(), "subject = 'patient'".to_owned(), 3),
        ("subject=webhook_endpoint".to_owned(), "subject = 'webhook_endpoint'".to_owned(), 1),
        (format!("about={carla}"), format!("about = '{carla}'"), 3),
        (format!("actorId={ana}&subject=patient"), format!("actor_id = '{ana}' AND subject = 'patient'"), 2),
        (format!("actorId={ana}&about={carla}"), format!("actor_id = '{ana}' AND about = '{carla}'"), 2),
        (
            format!("from={}&to={}&actorId={ana}&subject=patient&about={carla}", ago(6), ago(3)),
            format!("actor_id = '{ana}' AND subject = 'patient' AND about = '{carla}'"),
            1,
        ),
        (format!("from={}&subject=patient&about={carla}", ago(4)), "false".to_owned(), 0),
        (format!("actorId={carla}"), "false".to_owned(), 0),
        (format!("about={ana}"), "false".to_owned(), 0),
        ("subject=nothing".to_owned(), "false".to_owned(), 0),
    ] {
        let page = list(&app, &tenant, &format!("?{query}&includeTotal=true")).await;
        let held = held(&app, &tenant, &condition).await;
        assert_eq!(page.data(), &json!(held), "{query}");
        assert_eq!((held.len(), &page.json["meta"]["total"]), (count, &json!(count)), "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_of_its_filters_and_the_link_to_the_next_page_has_them() {
    let (app, tenant) = app().await;
    let (now, owner) = (app.clock.now(), tenant.user(Role::Owner));
    let person = SystemIds.new_id(now);
    for second in 1..=3 {
        note(&app, &tenant, Done::read(owner, person, now - SignedDuration::from_secs(second))).await;
    }
    let from = now - SignedDuration::from_hours(1);
    let filters = format!("from={from}&to={now}&actorId={owner}&subject=patient&about={person}");
    // Another way to write the same instant is the same filter.
    let offset = from.to_string().replace('Z', "%2B00:00");
    let written = format!("?about={person}&actorId={owner}&to={now}&subject=patient&from={offset}&limit=2");
    let first = list(&app, &tenant, &written).await;
    let next = format!("/api/v1/audit-log?limit=2&{filters}&cursor={}", cursor(&first));
    assert_eq!(first.header("link"), Some(format!("<{next}>; rel=\"next\"").as_str()));
    let second = app.send(TestRequest::get(&next).token(tenant.owner())).await;
    assert_eq!((ids(&first).len(), ids(&second).len()), (2, 1));

    let all: Vec<&str> = filters.split('&').collect();
    let one_less = (0..all.len()).map(|left| {
        let kept = all.iter().enumerate().filter(|(place, _)| *place != left);
        kept.map(|(_, filter)| *filter).collect::<Vec<_>>().join("&")
    });
    let others = [
        filters.replace("=patient", "=session"),
        filters.replace(&format!("to={now}"), &format!("to={}", now + MICROSECOND)),
    ];
    for other in one_less.chain(others) {
        let refused = list(&app, &tenant, &format!("?{other}&limit=2&cursor={}", cursor(&first))).await;
        assert_eq!(refused.refusal(), (400, "INVALID_CURSOR"), "{other}");
        assert_eq!(refused.details(), [("/cursor", "INVALID_CURSOR")], "{other}");
    }
    let unfiltered = list(&app, &tenant, "?limit=2").await;
    let filtered = list(&app, &tenant, &format!("?subject=patient&cursor={}", cursor(&unfiltered))).await;
    assert_eq!(filtered.refusal(), (400, "INVALID_CURSOR"));
}

mod race {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Rotates a webhook endpoint's secret until it is told to stop, at most two hundred times; how often it did.
    async fn write(app: Arc<TestApp>, tenant: Tenant, address: String, stop: Arc<AtomicBool>) -> usize {
        for done in 0..200 {
            if stop.load(Ordering::SeqCst) {
                return done;
            }
            let request = TestRequest::new("POST", &format!("{address}/secret")).token(tenant.owner());
            assert_eq!(app.send(request).await.status, 201);
        }
        200
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pages_stay_in_order_and_miss_nothing_while_others_write_at_once() {
        let (app, tenant) = app().await;
        let mut addresses = Vec::new();
        for number in 0..4 {
            let made = add(&app, &tenant, &format!("https://a.example/{number}")).await;
            addresses.push(made.header("location").unwrap().to_owned());
        }
        // Thirty rows of three instants. The clock stands still from then on, so that what is written meanwhile has the last
        // one, and stands among what was there.
        for instant in 0..3 {
            app.clock.advance(SignedDuration::from_millis(instant));
            for _ in 0..10 {
                let done = Done::read(tenant.user(Role::Owner), tenant.clinic, app.clock.now());
                note(&app, &tenant, done).await;
            }
        }
        let query = format!("?limit=3&to={}", app.clock.now() + SignedDuration::from_secs(1));
        let before = held(&app, &tenant, "true").await;
        assert_eq!(before.len(), 34);

        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = addresses
            .into_iter()
            .map(|address| tokio::spawn(write(Arc::clone(&app), tenant.clone(), address, Arc::clone(&stop))))
            .collect();
        let mut pages = vec![list(&app, &tenant, &query).await];
        while !cursor(pages.last().unwrap()).is_empty() {
            let next = format!("{query}&cursor={}", cursor(pages.last().unwrap()));
            pages.push(list(&app, &tenant, &next).await);
        }
        stop.store(true, Ordering::SeqCst);
        let mut written = 0;
        for writer in writers {
            written += writer.await.unwrap();
        }

        let shown: Vec<Value> =
            pages.iter().flat_map(|page| page.data().as_array().unwrap().clone()).collect();
        let place = |row: &Value| {
            (
                row["createdAt"].as_str().unwrap().parse::<Timestamp>().unwrap(),
                row["id"].as_str().unwrap().to_owned(),
            )
        };
        assert!(shown.is_sorted_by(|before, after| place(before) > place(after)), "in order, and none twice");
        let missed: Vec<_> = before.iter().filter(|row| !shown.contains(row)).collect();
        assert!(missed.is_empty(), "{missed:?}");
        let after = held(&app, &tenant, "true").await;
        assert_eq!((written > 4, after.len()), (true, before.len() + written));
        assert!(shown.iter().all(|row| after.contains(row)));
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nobody_who_answers_requests_changes_the_log_or_takes_from_it() {
        let (app, tenant) = app().await;
        note(&app, &tenant, Done::read(tenant.user(Role::Owner), tenant.clinic, app.clock.now())).await;
        let before = held(&app, &tenant, "true").await;
        let within = format!("SET app.clinic_id = '{}'", tenant.clinic);
        for denied in [
            "UPDATE kernel.audit_log SET action = 'patient.updated'",
            "UPDATE kernel.audit_log SET actor_id = '00000000-0000-0000-0000-000000000000' WHERE false",
            "DELETE FROM kernel.audit_log",
            "DELETE FROM kernel.audit_log WHERE created_at < now() - interval '10 years'",
            "TRUNCATE kernel.audit_log",
            "ALTER TABLE kernel.audit_log DISABLE ROW LEVEL SECURITY",
        ] {
            let refused = app.database.run_as("platform", &format!("{within}; {denied}")).await;
            assert_eq!(refused.unwrap_err(), "42501", "{denied}");
        }
        let seen =
            app.database.run_as("platform", &format!("{within}; SELECT id FROM kernel.audit_log")).await;
        assert_eq!(seen.unwrap().len(), 1, "the role reads, so the check can tell");
        assert_eq!(held(&app, &tenant, "true").await, before);
    }

    #[tokio::test]
    async fn another_clinics_rows_are_never_shown_nor_found_by_its_ids() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let (now, person) = (app.clock.now(), SystemIds.new_id(app.clock.now()));
        let at = now - SignedDuration::from_secs(1);
        let own = note(&app, &tenant, Done::read(tenant.user(Role::Owner), tenant.clinic, at)).await;
        let foreign = note(&app, &other, Done::read(other.user(Role::Owner), person, at)).await;
        for filters in [
            format!("actorId={}", other.user(Role::Owner)),
            format!("about={person}"),
            format!("actorId={}&subject=patient&about={person}", other.user(Role::Owner)),
        ] {
            let page = list(&app, &tenant, &format!("?{filters}&includeTotal=true")).await;
            assert_eq!((page.data(), &page.json["meta"]["total"]), (&json!([]), &json!(0)), "{filters}");
            let theirs = list(&app, &other, &format!("?{filters}&includeTotal=true")).await;
            assert_eq!(
                (ids(&theirs), &theirs.json["meta"]["total"]),
                (vec![foreign], &json!(1)),
                "{filters}"
            );
        }
        let all = list(&app, &tenant, "?includeTotal=true").await;
        assert_eq!((ids(&all), &all.json["meta"]["total"]), (vec![own], &json!(1)));

        // A cursor says where, never whose.
        let more = note(&app, &other, Done::read(other.user(Role::Owner), person, at)).await;
        let first = list(&app, &other, "?limit=1").await;
        let next = format!("?limit=1&cursor={}", cursor(&first));
        let behind: BTreeSet<_> = ids(&list(&app, &tenant, &next).await).into_iter().collect();
        assert!(behind.is_subset(&[own].into()), "{behind:?}");
        assert_eq!(ids(&list(&app, &other, &next).await), [foreign.min(more)]);
    }

    #[tokio::test]
    async fn reading_the_log_leaves_nothing_in_it() {
        let (app, tenant) = app().await;
        let at = app.clock.now() - MICROSECOND;
        note(&app, &tenant, Done::read(tenant.user(Role::Owner), tenant.clinic, at)).await;
        assert_eq!(ids(&list(&app, &tenant, "").await).len(), 1);
        assert_eq!(held(&app, &tenant, "true").await.len(), 1);
    }
}

mod boundary {
    use super::*;

    /// Rows a microsecond apart, around that instant: before it, at it and behind it.
    async fn around(app: &TestApp, tenant: &Tenant, at: Timestamp) -> [Uuid; 3] {
        let mut rows = [Uuid::nil(); 3];
        for (row, at) in rows.iter_mut().zip([at - MICROSECOND, at, at + MICROSECOND]) {
            *row = note(app, tenant, Done::read(tenant.user(Role::Owner), tenant.clinic, at)).await;
        }
        rows
    }

    #[tokio::test]
    async fn from_counts_and_to_does_not_to_the_microsecond() {
        let (app, tenant) = app().await;
        let at = app.clock.now() - SignedDuration::from_hours(1);
        let [before, exactly, behind] = around(&app, &tenant, at).await;
        let nanosecond = SignedDuration::from_nanos(1);
        for (query, expected) in [
            (format!("?from={at}"), vec![behind, exactly]),
            (format!("?to={at}"), vec![before]),
            (format!("?from={at}&to={}", at + MICROSECOND), vec![exactly]),
            (format!("?from={}&to={}", at - MICROSECOND, at + MICROSECOND), vec![exactly, before]),
            (format!("?from={}&to={}", at + MICROSECOND * 2, at + MICROSECOND * 3), vec![]),
            // A row has no finer time than a microsecond; an end of the window may have.
            (format!("?from={}", at + nanosecond), vec![behind]),
            (format!("?to={}", at + nanosecond), vec![exactly, before]),
            (format!("?from={at}&to={}", at + nanosecond), vec![exactly]),
        ] {
            assert_eq!(ids(&list(&app, &tenant, &query).await), expected, "{query}");
        }
    }

    #[tokio::test]
    async fn thirty_one_days_pass_and_a_microsecond_more_or_nothing_at_all_is_refused() {
        let (app, tenant) = app().await;
        let to = app.clock.now();
        let window = |length: SignedDuration| format!("?from={}&to={to}", to - length);
        let [before, exactly, behind] = around(&app, &tenant, to - MONTH).await;
        assert_eq!(ids(&list(&app, &tenant, &window(MONTH)).await), [behind, exactly]);
        for (length, refusal) in [
            (MONTH + MICROSECOND, ("/from", "WINDOW_TOO_LONG")),
            (MONTH + SignedDuration::from_nanos(1), ("/from", "WINDOW_TOO_LONG")),
            (MONTH * 12, ("/from", "WINDOW_TOO_LONG")),
            (SignedDuration::ZERO, ("/to", "WINDOW_EMPTY")),
            (-MICROSECOND, ("/to", "WINDOW_EMPTY")),
        ] {
            let refused = list(&app, &tenant, &window(length)).await;
            assert_eq!(
                (refused.refusal(), refused.details()),
                ((400, refusal.1), vec![refusal]),
                "{length:?}"
            );
            assert_eq!(refused.json["error"]["details"][0]["in"], "query");
        }
        // Unless the ends are given they are as far from each other, and now is the last one.
        assert_eq!(ids(&list(&app, &tenant, "").await), [behind, exactly]);
        assert_eq!(ids(&list(&app, &tenant, &format!("?to={to}")).await), [behind, exactly]);
        app.clock.advance(MICROSECOND);
        assert_eq!(ids(&list(&app, &tenant, "").await), [behind]);
        let from = to - MONTH - MONTH - MICROSECOND;
        assert_eq!(ids(&list(&app, &tenant, &format!("?from={from}")).await), Vec::<Uuid>::new());
        assert_eq!(ids(&list(&app, &tenant, &format!("?from={}", from + MICROSECOND)).await), [before]);
    }

    #[tokio::test]
    async fn what_was_just_done_is_listed_also_by_a_clock_that_is_behind() {
        let (app, tenant) = app().await;
        let now = app.clock.now();
        let mut rows = Vec::new();
        for at in [now, now + SignedDuration::from_millis(20)] {
            rows.insert(
                0,
                note(&app, &tenant, Done::read(tenant.user(Role::Owner), tenant.clinic, at)).await,
            );
        }
        assert_eq!(ids(&list(&app, &tenant, "").await), rows);
        assert_eq!(ids(&list(&app, &tenant, &format!("?to={now}")).await), Vec::<Uuid>::new());
    }

    #[tokio::test]
    async fn at_the_ends_of_time_the_log_is_empty_and_what_is_no_instant_is_refused() {
        let (app, tenant) = app().await;
        around(&app, &tenant, app.clock.now() - MICROSECOND * 2).await;
        for empty in [
            "to=0000-01-01T00:00:00Z",
            "from=0000-01-01T00:00:00Z",
            "to=0000-01-01T00:00:00%2B23:59",
            "from=9999-12-30T22:00:00.999999999Z",
            "from=9999-12-30T00:00:00Z&to=9999-12-30T22:00:00.999999999Z",
            "to=1969-12-31T23:59:59.9999995Z",
        ] {
            let page = list(&app, &tenant, &format!("?{empty}&includeTotal=true")).await;
            assert_eq!((page.data(), &page.json["meta"]["total"]), (&json!([]), &json!(0)), "{empty}");
        }
        assert_eq!(
            list(&app, &tenant, "?from=0000-01-01T00:00:00Z&to=9999-12-30T22:00:00.999999999Z")
                .await
                .refusal(),
            (400, "WINDOW_TOO_LONG")
        );
        for bad in [
            "-009999-01-02T01:59:59Z",
            "-9999-01-02T01:59:59Z",
            "9999-12-31T23:59:59Z",
            "%2B010000-01-01T00:00:00Z",
            "2026-11-21T10:00:00+03:00",
            "2026-11-21",
            "2026-02-29T00:00:00Z",
            "1795255200",
            "now",
            "",
        ] {
            for end in ["from", "to"] {
                let refused = list(&app, &tenant, &format!("?{end}={bad}")).await;
                assert_eq!(refused.refusal(), (400, "INVALID_DATE_TIME"), "{end} {bad}");
            }
        }
    }

    #[tokio::test]
    async fn everything_wrong_with_a_query_is_told_at_once() {
        let (app, tenant) = app().await;
        let all =
            list(&app, &tenant, "?from=x&to=y&actorId=7&subject=A&about=%7B%7D&limit=0&cursor=A&page=2")
                .await;
        let expected = [
            ("/about", "INVALID_UUID"),
            ("/actorId", "INVALID_UUID"),
            ("/cursor", "INVALID_CURSOR"),
            ("/from", "INVALID_DATE_TIME"),
            ("/limit", "OUT_OF_RANGE"),
            ("/page", "UNKNOWN_PARAMETER"),
            ("/subject", "INVALID_SUBJECT"),
            ("/to", "INVALID_DATE_TIME"),
        ];
        assert_eq!((all.status, all.details()), (400, expected.to_vec()));
        let five = list(&app, &tenant, "?from=x&to=y&actorId=7&subject=A&about=z").await;
        assert_eq!((five.status, five.details().len()), (400, 5));
        // A window is judged beside what else is wrong, and not where one of its ends is.
        let ends = "from=2026-11-21T10:00:00Z&to=2026-11-21T09:00:00Z";
        let window = list(&app, &tenant, &format!("?{ends}&subject=A&limit=101")).await;
        let expected = [("/limit", "OUT_OF_RANGE"), ("/subject", "INVALID_SUBJECT"), ("/to", "WINDOW_EMPTY")];
        assert_eq!(window.details(), expected);
        let no_end = list(&app, &tenant, "?from=2026-01-01T00:00:00Z&to=y").await;
        assert_eq!(no_end.details(), [("/to", "INVALID_DATE_TIME")]);
        let twice = list(&app, &tenant, "?from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z").await;
        assert_eq!(twice.refusal(), (400, "REPEATED_PARAMETER"));
    }

    #[tokio::test]
    async fn a_subject_has_1_to_64_small_letters_and_underscores() {
        let (app, tenant) = app().await;
        for (subject, code) in [
            (String::new(), "TOO_SHORT"),
            ("a".repeat(65), "TOO_LONG"),
            ("Patient".to_owned(), "INVALID_SUBJECT"),
            ("patient.read".to_owned(), "INVALID_SUBJECT"),
            ("patient'--".to_owned(), "INVALID_SUBJECT"),
            ("%00".to_owned(), "INVALID_CHARACTERS"),
        ] {
            let refused = list(&app, &tenant, &format!("?subject={subject}")).await;
            assert_eq!(refused.refusal(), (400, code), "{subject}");
        }
        for subject in ["a".to_owned(), "_".repeat(64)] {
            assert_eq!(
                list(&app, &tenant, &format!("?subject={subject}")).await.data(),
                &json!([]),
                "{subject}"
            );
        }
    }

    #[tokio::test]
    async fn limits_run_from_1_to_100_and_20_is_the_default() {
        let (app, tenant) = app().await;
        for bad in ["0", "101", "-1", "x", ""] {
            let refused = list(&app, &tenant, &format!("?limit={bad}")).await;
            assert_eq!((refused.status, refused.details()[0].0), (400, "/limit"), "{bad}");
        }
        for (query, limit) in [("", 20), ("?limit=1", 1), ("?limit=100", 100)] {
            assert_eq!(list(&app, &tenant, query).await.json["meta"]["limit"], limit);
        }
    }

    #[tokio::test]
    async fn owners_and_admins_read_the_log_and_nobody_else_does() {
        let (app, tenant) = app().await;
        let request = || TestRequest::get("/api/v1/audit-log");
        for role in Role::ALL {
            let answer = app.send(request().token(tenant.token(*role))).await;
            match role {
                Role::Owner | Role::Admin => assert_eq!(answer.data(), &json!([]), "{role:?}"),
                _ => assert_eq!(answer.refusal(), (403, "PERMISSION_DENIED"), "{role:?}"),
            }
        }
        assert_eq!(app.send(request()).await.refusal(), (401, "TOKEN_REQUIRED"));
    }
}
