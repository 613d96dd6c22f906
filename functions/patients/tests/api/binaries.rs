use testkit::lambda::{SAMPLE_ID, Sampled, answers_as_the_pipeline_does};

/// The patient of the sample events.
pub(crate) async fn sampled() -> Sampled {
    let (app, tenant) = super::app().await;
    let sql = format!(
        "INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
         VALUES ('{SAMPLE_ID}', '{clinic}', 'Canary Patient', 1, '2026-01-01Z', '2026-01-01Z')",
        clinic = tenant.clinic
    );
    app.database.run(&sql).await;
    Sampled { app, tenant }
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(sampled().await, sampled().await).await;
}
