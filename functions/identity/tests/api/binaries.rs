use super::new_clinic;
use serde_json::{Value, json};
use testkit::Ask;
use testkit::lambda::{Sampled, answers_as_the_pipeline_does};

/// A stage with the account that the sample of `login` signs in to.
async fn sampled() -> Sampled {
    let stage = super::stage().await;
    let tenant = stage.tenant().await;
    let sampled = Sampled { stage, tenant };
    let event: Value = serde_json::from_str(&sampled.event("login")).unwrap();
    let login: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    let mut account = new_clinic(login["email"].as_str().unwrap());
    account["password"] = json!(login["password"]);
    assert_eq!(sampled.stage.ask(Ask::post("/api/v1/clinics", &account)).await.status, 201);
    sampled
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(sampled().await, sampled().await).await;
}
