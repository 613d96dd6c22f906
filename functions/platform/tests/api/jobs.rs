use super::app;
use serde_json::json;
use shared::access::Role;
use shared::clock::Clock as _;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};
use uuid::Uuid;

/// A job of the owner's with two parts, in that state.
async fn job(app: &TestApp, tenant: &Tenant, kept_as: &str) -> Uuid {
    let sql = format!(
        "INSERT INTO kernel.jobs
                (id, clinic_id, module, owner_id, kind, state, done, total, failure, finished_at, expires_at, created_at,
                 updated_at)
         VALUES (uuidv7(), '{clinic}', 'patients', '{owner}', 'sample.export', '{kept_as}',
                 CASE '{kept_as}' WHEN 'succeeded' THEN 2 ELSE 0 END, 2,
                 CASE '{kept_as}' WHEN 'failed' THEN 'EXPORT_FAILED' END,
                 CASE WHEN '{kept_as}' NOT IN ('queued', 'running') THEN now() END, '2100-01-01', now(), now())
         RETURNING id",
        clinic = tenant.clinic,
        owner = tenant.user(Role::Owner),
    );
    app.database.value(&sql).await.parse().unwrap()
}

async fn part(app: &TestApp, tenant: &Tenant, job: Uuid, name: &str) {
    let sql = format!(
        "INSERT INTO kernel.job_parts (clinic_id, job_id, name, module, content, created_at, updated_at)
         VALUES ('{}', '{job}', '{name}', 'patients', '{{\"of\": \"{name}\"}}', now(), now())",
        tenant.clinic
    );
    app.database.run(&sql).await;
}

async fn get(app: &TestApp, tenant: &Tenant, job: Uuid, below: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/jobs/{job}{below}")).token(tenant.owner())).await
}

fn cancel(tenant: &Tenant, job: Uuid) -> TestRequest {
    TestRequest::new("POST", &format!("/api/v1/jobs/{job}/cancel")).token(tenant.owner())
}

#[tokio::test]
async fn a_job_is_shown_with_its_progress_and_its_result_once_there_is_one() {
    let app = app().await;
    let tenant = app.tenant().await;
    let queued = job(&app, &tenant, "queued").await;
    let shown = get(&app, &tenant, queued, "").await;
    assert_eq!(
        (&shown.data()["state"], &shown.data()["done"], &shown.data()["total"]),
        (&json!("queued"), &json!(0), &json!(2))
    );
    assert_eq!(shown.data()["result"], json!(null));

    let succeeded = job(&app, &tenant, "succeeded").await;
    part(&app, &tenant, succeeded, "one").await;
    part(&app, &tenant, succeeded, "two").await;
    let shown = get(&app, &tenant, succeeded, "").await;
    assert_eq!(shown.data()["result"], json!(format!("/api/v1/jobs/{succeeded}/result")));
    let result = get(&app, &tenant, succeeded, "/result").await;
    assert_eq!(*result.data(), json!({ "one": { "of": "one" }, "two": { "of": "two" } }));
    assert_eq!(result.header("cache-control"), Some("no-store"));
    let audited = "SELECT count(*) FROM kernel.audit_log WHERE action = 'job_result.read'";
    assert_eq!(app.database.value(audited).await, "1");
}

#[tokio::test]
async fn a_job_is_cancelled_once_and_asking_again_is_fine() {
    let app = app().await;
    let tenant = app.tenant().await;
    let running = job(&app, &tenant, "running").await;
    for _ in 0..2 {
        let cancelled = app.send(cancel(&tenant, running)).await;
        assert_eq!((cancelled.status, &cancelled.data()["state"]), (200, &json!("cancelled")));
    }
    let refused = get(&app, &tenant, running, "/result").await;
    assert_eq!(refused.refusal(), (409, "JOB_NOT_SUCCEEDED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_state_only_moves_forward_whoever_moves_it() {
        let app = app().await;
        let tenant = app.tenant().await;
        for (kept_as, forbidden) in [
            ("running", "state = 'queued'"),
            ("succeeded", "state = 'running', finished_at = NULL"),
            ("failed", "state = 'queued', finished_at = NULL, failure = NULL"),
            ("cancelled", "state = 'succeeded', done = 2"),
            ("succeeded", "done = 1"),
        ] {
            let id = job(&app, &tenant, kept_as).await;
            let sql = format!("UPDATE kernel.jobs SET {forbidden} WHERE id = '{id}'");
            assert_eq!(
                app.database.run_as("postgres", &sql).await.unwrap_err(),
                "23514",
                "{kept_as}: {forbidden}"
            );
        }
    }

    #[tokio::test]
    async fn of_cancelling_and_finishing_at_once_one_wins_for_good() {
        let app = Arc::new(app().await);
        let tenant = app.tenant().await;
        let mut won = (0, 0);
        for _ in 0..20 {
            let id = job(&app, &tenant, "running").await;
            let finish = format!(
                "UPDATE kernel.jobs SET state = 'succeeded', done = 2, finished_at = now()
                  WHERE id = '{id}' AND state IN ('queued', 'running')"
            );
            let (cancelled, ()) = tokio::join!(app.send(cancel(&tenant, id)), app.database.run(&finish));
            let ended = get(&app, &tenant, id, "").await.data()["state"].clone();
            match cancelled.status {
                200 => assert_eq!(ended, "cancelled"),
                409 => assert_eq!(ended, "succeeded"),
                other => panic!("{other}: {}", cancelled.text),
            }
            won = if cancelled.status == 200 { (won.0 + 1, won.1) } else { (won.0, won.1 + 1) };
        }
        assert_eq!(won.0 + won.1, 20);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_job_is_its_owners_alone() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        let id = job(&app, &tenant, "succeeded").await;
        for token in [tenant.token(Role::Admin), other.owner()] {
            for below in ["", "/result"] {
                let refused =
                    app.send(TestRequest::get(&format!("/api/v1/jobs/{id}{below}")).token(token)).await;
                assert_eq!(refused.refusal(), (404, "JOB_NOT_FOUND"));
            }
            let refused =
                app.send(TestRequest::new("POST", &format!("/api/v1/jobs/{id}/cancel")).token(token)).await;
            assert_eq!(refused.refusal(), (404, "JOB_NOT_FOUND"));
        }
        assert_eq!(get(&app, &tenant, id, "").await.status, 200);
    }

    #[tokio::test]
    async fn what_has_ended_is_not_cancelled() {
        let app = app().await;
        let tenant = app.tenant().await;
        for kept_as in ["succeeded", "failed"] {
            let id = job(&app, &tenant, kept_as).await;
            assert_eq!(app.send(cancel(&tenant, id)).await.refusal(), (409, "JOB_FINISHED"));
            assert_eq!(get(&app, &tenant, id, "").await.data()["state"], kept_as);
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_job_is_gone_the_instant_it_expires() {
        let app = app().await;
        let tenant = app.tenant().await;
        let now = shared::clock::Clock::now(&*app.clock);
        for (seconds, status) in [(0, 410), (1, 200)] {
            let id = job(&app, &tenant, "succeeded").await;
            let expires = format!(
                "UPDATE kernel.jobs SET expires_at = timestamptz '{now}' + interval '{seconds} seconds' WHERE id = '{id}'"
            );
            app.database.run(&format!("SET session_replication_role = replica; {expires}")).await;
            for below in ["", "/result"] {
                assert_eq!(get(&app, &tenant, id, below).await.status, status, "{seconds}{below}");
            }
            let cancelled = app.send(cancel(&tenant, id)).await;
            assert_eq!(cancelled.status, if status == 410 { 410 } else { 409 });
        }
    }

    #[tokio::test]
    async fn there_is_no_result_before_the_job_has_succeeded() {
        let app = app().await;
        let tenant = app.tenant().await;
        for kept_as in ["queued", "running", "failed", "cancelled"] {
            let id = job(&app, &tenant, kept_as).await;
            part(&app, &tenant, id, "one").await;
            let refused = get(&app, &tenant, id, "/result").await;
            assert_eq!(refused.refusal(), (409, "JOB_NOT_SUCCEEDED"), "{kept_as}");
        }
    }

    #[tokio::test]
    async fn a_result_of_more_than_a_mebibyte_is_a_file_with_the_same_in_it() {
        let app = app().await;
        let tenant = app.tenant().await;
        let id = job(&app, &tenant, "succeeded").await;
        part(&app, &tenant, id, "one").await;
        // {"one":"…"} has ten bytes around the text.
        let fill = async |bytes: usize| {
            let sql = format!("UPDATE kernel.job_parts SET content = to_jsonb(repeat('a', {}))", bytes - 10);
            app.database.run(&sql).await;
            get(&app, &tenant, id, "/result").await
        };

        let largest = fill(1024 * 1024).await;
        let larger = fill(1024 * 1024 + 1).await;

        assert_eq!((largest.status, largest.data()["one"].as_str().unwrap().len()), (200, 1024 * 1024 - 10));
        assert_eq!((larger.status, larger.text.as_str()), (303, ""));
        let key = format!("results/{}/{id}", tenant.clinic);
        let until = app.clock.now().as_second() + 300;
        let link = format!("https://files.example/{key}?until={until}&name={id}.json");
        assert_eq!(larger.header("location"), Some(link.as_str()));
        assert_eq!(larger.header("cache-control"), Some("no-store"), "whoever has the link has the file");
        let kept: serde_json::Value = serde_json::from_slice(&app.files.kept()[&key]).unwrap();
        assert_eq!(kept["one"].as_str().unwrap().len(), 1024 * 1024 + 1 - 10);
        assert_eq!(app.files.kept().len(), 1);
        let stranger =
            TestRequest::get(&format!("/api/v1/jobs/{id}/result")).token(tenant.token(Role::Admin));
        assert_eq!(app.send(stranger).await.refusal(), (404, "JOB_NOT_FOUND"));
    }
}
