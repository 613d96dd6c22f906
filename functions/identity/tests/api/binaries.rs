use testkit::lambda::{Sampled, answers_as_the_pipeline_does};

async fn sampled() -> Sampled {
    let stage = super::stage().await;
    let tenant = stage.tenant().await;
    Sampled { stage, tenant }
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(sampled().await, sampled().await).await;
}
