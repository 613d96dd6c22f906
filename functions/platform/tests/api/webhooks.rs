//! What the tests of webhooks share.

use super::CONTRACT;
use serde_json::{Value, json};
use shared::clock::{Clock as _, Ids as _, SystemIds};
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// A test app with the module and one clinic.
pub(super) async fn app() -> (Arc<TestApp>, Tenant) {
    let app = TestApp::of(vec![platform::module()]).await.held_to(&CONTRACT);
    let tenant = app.tenant().await;
    (Arc::new(app), tenant)
}

/// An endpoint that wants to hear of new patients.
pub(super) fn endpoint(url: &str) -> Value {
    json!({ "url": url, "kinds": ["patient.created"] })
}

/// Makes one as the owner. It is pending.
pub(super) async fn add_pending(app: &TestApp, tenant: &Tenant, url: &str) -> TestResponse {
    app.send(TestRequest::post("/api/v1/webhook-endpoints", &endpoint(url)).token(tenant.owner())).await
}

/// Makes one as the owner, and has it active as if it had answered its test.
pub(super) async fn add(app: &TestApp, tenant: &Tenant, url: &str) -> TestResponse {
    let made = add_pending(app, tenant, url).await;
    let sql = "UPDATE platform.webhook_endpoints SET is_confirmed = true;
               DELETE FROM platform.webhook_deliveries WHERE kind = 'webhook.test'";
    app.database.run(sql).await;
    made
}

/// An event of that clinic, about a thing of its own.
pub(super) fn event(app: &TestApp, tenant: &Tenant, kind: &str) -> Event {
    let (now, id) = (app.clock.now(), SystemIds.new_id(app.clock.now()));
    Event {
        id: SystemIds.new_id(now),
        clinic_id: tenant.clinic,
        aggregate: "patient".to_owned(),
        aggregate_id: id,
        seq: 1,
        kind: kind.to_owned(),
        ids: [("patientId".to_owned(), id)].into(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        created_at: now,
    }
}

/// Has an event of that clinic fanned out, and gives it.
pub(super) async fn enqueue(app: &TestApp, tenant: &Tenant, kind: &str) -> Event {
    let event = event(app, tenant, kind);
    app.take("fan-out-webhooks", &event).await.unwrap();
    event
}

/// The states of all deliveries.
pub(super) async fn deliveries(app: &TestApp) -> Vec<String> {
    let rows = app.database.rows("SELECT state FROM platform.webhook_deliveries ORDER BY id").await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}
