//! What the tests of webhooks share.

use super::CONTRACT;
use serde_json::{Value, json};
use shared::clock::{Clock as _, Ids as _, SystemIds};
use shared::outbox::Event;
use std::sync::Arc;
use testkit::{Answer, Ask, Stage, Tenant};

/// A stage with the module and one clinic.
pub(super) async fn stage() -> (Arc<Stage>, Tenant) {
    let stage = Stage::of(vec![platform::module()]).await.held_to(&CONTRACT);
    let tenant = stage.tenant().await;
    (Arc::new(stage), tenant)
}

/// An endpoint that wants to hear of new patients.
pub(super) fn endpoint(url: &str) -> Value {
    json!({ "url": url, "kinds": ["patient.created"] })
}

/// Makes one as the owner.
pub(super) async fn add(stage: &Stage, tenant: &Tenant, url: &str) -> Answer {
    stage.ask(Ask::post("/api/v1/webhook-endpoints", &endpoint(url)).token(tenant.owner())).await
}

/// An event of that clinic, about a thing of its own.
pub(super) fn event(stage: &Stage, tenant: &Tenant, kind: &str) -> Event {
    let (now, id) = (stage.clock.now(), SystemIds.new_id(stage.clock.now()));
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
pub(super) async fn enqueue(stage: &Stage, tenant: &Tenant, kind: &str) -> Event {
    let event = event(stage, tenant, kind);
    stage.take("fan-out-webhooks", &event).await.unwrap();
    event
}

/// The states of all deliveries.
pub(super) async fn deliveries(stage: &Stage) -> Vec<String> {
    let rows = stage.database.rows("SELECT state FROM platform.webhook_deliveries ORDER BY id").await;
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}
