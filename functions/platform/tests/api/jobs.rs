use super::stage;
use serde_json::json;
use shared::access::Role;
use std::sync::Arc;
use testkit::{Answer, Ask, Stage, Tenant};
use uuid::Uuid;

/// A job of the owner's with two parts, in that state.
async fn job(stage: &Stage, tenant: &Tenant, kept_as: &str) -> Uuid {
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
    stage.database.value(&sql).await.parse().unwrap()
}

async fn part(stage: &Stage, tenant: &Tenant, job: Uuid, name: &str) {
    let sql = format!(
        "INSERT INTO kernel.job_parts (clinic_id, job_id, name, module, content, created_at, updated_at)
         VALUES ('{}', '{job}', '{name}', 'patients', '{{\"of\": \"{name}\"}}', now(), now())",
        tenant.clinic
    );
    stage.database.run(&sql).await;
}

async fn get(stage: &Stage, tenant: &Tenant, job: Uuid, below: &str) -> Answer {
    stage.ask(Ask::get(&format!("/api/v1/jobs/{job}{below}")).token(tenant.owner())).await
}

fn cancel(tenant: &Tenant, job: Uuid) -> Ask {
    Ask::new("POST", &format!("/api/v1/jobs/{job}/cancel")).token(tenant.owner())
}

#[tokio::test]
async fn a_job_is_shown_with_its_progress_and_its_result_once_there_is_one() {
    let stage = stage().await;
    let tenant = stage.tenant().await;
    let queued = job(&stage, &tenant, "queued").await;
    let shown = get(&stage, &tenant, queued, "").await;
    assert_eq!(
        (&shown.data()["state"], &shown.data()["done"], &shown.data()["total"]),
        (&json!("queued"), &json!(0), &json!(2))
    );
    assert_eq!(shown.data()["result"], json!(null));

    let succeeded = job(&stage, &tenant, "succeeded").await;
    part(&stage, &tenant, succeeded, "one").await;
    part(&stage, &tenant, succeeded, "two").await;
    let shown = get(&stage, &tenant, succeeded, "").await;
    assert_eq!(shown.data()["result"], json!(format!("/api/v1/jobs/{succeeded}/result")));
    let result = get(&stage, &tenant, succeeded, "/result").await;
    assert_eq!(*result.data(), json!({ "one": { "of": "one" }, "two": { "of": "two" } }));
    assert_eq!(result.header("cache-control"), Some("no-store"));
    let audited = "SELECT count(*) FROM kernel.audit_log WHERE action = 'job_result.read'";
    assert_eq!(stage.database.value(audited).await, "1");
}

#[tokio::test]
async fn a_job_is_cancelled_once_and_asking_again_is_fine() {
    let stage = stage().await;
    let tenant = stage.tenant().await;
    let running = job(&stage, &tenant, "running").await;
    for _ in 0..2 {
        let cancelled = stage.ask(cancel(&tenant, running)).await;
        assert_eq!((cancelled.status, &cancelled.data()["state"]), (200, &json!("cancelled")));
    }
    let refused = get(&stage, &tenant, running, "/result").await;
    assert_eq!(refused.refusal(), (409, "JOB_NOT_SUCCEEDED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_state_only_moves_forward_whoever_moves_it() {
        let stage = stage().await;
        let tenant = stage.tenant().await;
        for (kept_as, forbidden) in [
            ("running", "state = 'queued'"),
            ("succeeded", "state = 'running', finished_at = NULL"),
            ("failed", "state = 'queued', finished_at = NULL, failure = NULL"),
            ("cancelled", "state = 'succeeded', done = 2"),
            ("succeeded", "done = 1"),
        ] {
            let id = job(&stage, &tenant, kept_as).await;
            let sql = format!("UPDATE kernel.jobs SET {forbidden} WHERE id = '{id}'");
            assert_eq!(
                stage.database.run_as("postgres", &sql).await.unwrap_err(),
                "23514",
                "{kept_as}: {forbidden}"
            );
        }
    }

    #[tokio::test]
    async fn of_cancelling_and_finishing_at_once_one_wins_for_good() {
        let stage = Arc::new(stage().await);
        let tenant = stage.tenant().await;
        let mut won = (0, 0);
        for _ in 0..20 {
            let id = job(&stage, &tenant, "running").await;
            let finish = format!(
                "UPDATE kernel.jobs SET state = 'succeeded', done = 2, finished_at = now()
                  WHERE id = '{id}' AND state IN ('queued', 'running')"
            );
            let (cancelled, ()) = tokio::join!(stage.ask(cancel(&tenant, id)), stage.database.run(&finish));
            let ended = get(&stage, &tenant, id, "").await.data()["state"].clone();
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
        let stage = stage().await;
        let (tenant, other) = (stage.tenant().await, stage.tenant().await);
        let id = job(&stage, &tenant, "succeeded").await;
        for token in [tenant.token(Role::Admin), other.owner()] {
            for below in ["", "/result"] {
                let refused = stage.ask(Ask::get(&format!("/api/v1/jobs/{id}{below}")).token(token)).await;
                assert_eq!(refused.refusal(), (404, "JOB_NOT_FOUND"));
            }
            let refused =
                stage.ask(Ask::new("POST", &format!("/api/v1/jobs/{id}/cancel")).token(token)).await;
            assert_eq!(refused.refusal(), (404, "JOB_NOT_FOUND"));
        }
        assert_eq!(get(&stage, &tenant, id, "").await.status, 200);
    }

    #[tokio::test]
    async fn what_has_ended_is_not_cancelled() {
        let stage = stage().await;
        let tenant = stage.tenant().await;
        for kept_as in ["succeeded", "failed"] {
            let id = job(&stage, &tenant, kept_as).await;
            assert_eq!(stage.ask(cancel(&tenant, id)).await.refusal(), (409, "JOB_FINISHED"));
            assert_eq!(get(&stage, &tenant, id, "").await.data()["state"], kept_as);
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_job_is_gone_the_instant_it_expires() {
        let stage = stage().await;
        let tenant = stage.tenant().await;
        let now = shared::clock::Clock::now(&*stage.clock);
        for (seconds, status) in [(0, 410), (1, 200)] {
            let id = job(&stage, &tenant, "succeeded").await;
            let expires = format!(
                "UPDATE kernel.jobs SET expires_at = timestamptz '{now}' + interval '{seconds} seconds' WHERE id = '{id}'"
            );
            stage.database.run(&format!("SET session_replication_role = replica; {expires}")).await;
            for below in ["", "/result"] {
                assert_eq!(get(&stage, &tenant, id, below).await.status, status, "{seconds}{below}");
            }
            let cancelled = stage.ask(cancel(&tenant, id)).await;
            assert_eq!(cancelled.status, if status == 410 { 410 } else { 409 });
        }
    }

    #[tokio::test]
    async fn there_is_no_result_before_the_job_has_succeeded() {
        let stage = stage().await;
        let tenant = stage.tenant().await;
        for kept_as in ["queued", "running", "failed", "cancelled"] {
            let id = job(&stage, &tenant, kept_as).await;
            part(&stage, &tenant, id, "one").await;
            let refused = get(&stage, &tenant, id, "/result").await;
            assert_eq!(refused.refusal(), (409, "JOB_NOT_SUCCEEDED"), "{kept_as}");
        }
    }
}
