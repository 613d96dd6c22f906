use crate::bench::effects;
use crate::endpoints::{add, stage};
use testkit::Ask;

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_the_next_request_works() {
    let (stage, tenant) = stage(1).await;

    let panicked = stage.ask(Ask::new("POST", "/panics")).await;
    let next = stage.ask(add(&tenant, "next", 0)).await;

    assert_eq!(panicked.refusal(), (500, "INTERNAL_ERROR"));
    assert!(!panicked.text.contains("Ada"), "{}", panicked.text);
    assert_eq!(next.status, 201, "{}", next.text);
    assert_eq!(effects(&stage.database).await, ["next"]);
}
