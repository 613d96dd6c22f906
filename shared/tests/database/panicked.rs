use crate::bench::effects;
use crate::endpoints::{add, app};
use testkit::TestRequest;

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_the_next_request_works() {
    let (app, tenant) = app(1).await;

    let panicked = app.send(TestRequest::new("POST", "/panics")).await;
    let next = app.send(add(&tenant, "next", 0)).await;

    assert_eq!(panicked.refusal(), (500, "INTERNAL_ERROR"));
    assert!(!panicked.text.contains("Ada"), "{}", panicked.text);
    assert_eq!(next.status, 201, "{}", next.text);
    assert_eq!(effects(&app.database).await, ["next"]);
}
