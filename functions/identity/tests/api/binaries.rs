use super::new_clinic;
use serde_json::{Value, json};
use shared::access::Role;
use testkit::TestRequest;
use testkit::lambda::{SAMPLE_ID, Sampled, answers_as_the_pipeline_does};

/// A test app with the account that the sample of `login` signs in to.
async fn sampled() -> Sampled {
    let app = super::app().await;
    let tenant = app.tenant().await;
    let sampled = Sampled { app, tenant };
    let event: Value = serde_json::from_str(&sampled.event("login")).unwrap();
    let login: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    let mut account = new_clinic(login["email"].as_str().unwrap());
    account["password"] = json!(login["password"]);
    assert_eq!(sampled.app.send(TestRequest::post("/api/v1/clinics", &account)).await.status, 201);
    hand_out_the_sampled_token(&sampled).await;
    sampled
}

/// The token of `verify-email`'s sample: of the clinic with the sample's id, and 32 bytes of 1.
async fn hand_out_the_sampled_token(sampled: &Sampled) {
    let owner = sampled.tenant.user(Role::Owner);
    let sql = format!(
        "INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
         VALUES ('{SAMPLE_ID}', 'Sample', 'UTC', 'BRL', 1, now(), now());
         INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
         SELECT id, '{SAMPLE_ID}', account_id, 'Sample', 'owner', 1, now(), now()
           FROM identity.memberships
          WHERE id = '{owner}';
         INSERT INTO identity.email_verifications
                (id, clinic_id, account_id, user_id, token_hash, expires_at, created_at, updated_at)
         SELECT uuidv7(), clinic_id, account_id, id,
                sha256(uuid_send('{SAMPLE_ID}') || decode(repeat('01', 32), 'hex')), 'infinity', now(), now()
           FROM identity.memberships
          WHERE clinic_id = '{SAMPLE_ID}'"
    );
    sampled.app.database.run(&sql).await;
}

#[tokio::test]
async fn every_built_function_answers_as_the_pipeline_does() {
    answers_as_the_pipeline_does(sampled().await, sampled().await).await;
}
