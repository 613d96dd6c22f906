use shared::access::Role;
use testkit::lambda::{SAMPLE_ID, Sampled, answers_as_the_pipeline_does};

/// The webhook endpoint of the sample events, a job that has succeeded, and one to be called off.
async fn sampled() -> Sampled {
    let app = super::app().await;
    let tenant = app.tenant().await;
    let sql = format!(
        "INSERT INTO platform.webhook_endpoints (id, clinic_id, url, kinds, slot, created_at, updated_at)
         VALUES ('{SAMPLE_ID}', '{clinic}', 'https://sample.example/', ARRAY['patient.created'], 20, '2026-01-01Z',
                 '2026-01-01Z');
         INSERT INTO kernel.jobs
                (id, clinic_id, module, owner_id, kind, state, done, total, finished_at, expires_at, created_at, updated_at)
         VALUES ('{SAMPLE_ID}', '{clinic}', 'patients', '{owner}', 'sample.export', 'succeeded', 1, 1, '2026-01-01Z',
                 '2100-01-01Z', '2026-01-01Z', '2026-01-01Z'),
                ('01890a5d-ac96-774b-bcce-b302099a8058', '{clinic}', 'patients', '{owner}', 'sample.export', 'running', 0,
                 1, NULL, '2100-01-01Z', '2026-01-01Z', '2026-01-01Z')",
        clinic = tenant.clinic,
        owner = tenant.user(Role::Owner),
    );
    app.database.run(&sql).await;
    Sampled { app: app.into(), tenant }
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(sampled().await, sampled().await).await;
}
