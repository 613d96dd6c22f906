use super::app;
use testkit::World;
use testkit::lambda::answers_as_the_pipeline_does;

/// A test app with the world of the sample events.
pub(crate) async fn world() -> World {
    World::of(app().await.0).await
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(world().await, world().await).await;
}
