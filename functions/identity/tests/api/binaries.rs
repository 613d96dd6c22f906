use super::app;
use testkit::World;
use testkit::lambda::answers_as_the_pipeline_does;

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(World::of(app().await).await, World::of(app().await).await).await;
}
