//! platform: what the modules have in common. The outbox's relay, webhooks, mail, jobs, housekeeping; who did what; health
//! checks, the contract and its reference page, the page behind every problem, and the answer to everything that has no route.
//!
//! | table | holds |
//! |---|---|
//! | `platform.webhook_endpoints` | addresses that want to hear of a clinic's events |
//! | `platform.webhook_secrets` | keys that deliveries are signed with; read by the role `webhook_deliverer` alone |
//! | `platform.webhook_deliveries` | one row an event and endpoint, sent or waiting |
//!
//! It reads `kernel.audit_log`, to which every module adds; it changes no row of it.
//!
//! Consumers: `fan-out-webhooks`, `send-mail`. Workers: `outbox-relay`, `deliver-webhooks`, `record-bounces`,
//! `housekeeping`.
//!
//! What it must know of the other modules is in files that `cargo run -- generate` makes of their declarations:
//! `openapi.json`, `problems.json`, `routes.json` and `consumers.json`.

pub mod audit;
pub mod fallback;
pub mod health;
pub mod housekeeping;
pub mod jobs;
pub mod mail;
pub mod outbox_relay;
pub mod problems;
pub mod reference;
mod subscription;
pub mod webhooks;

use shared::background::{ConsumerDeclaration, WorkerDeclaration};
use shared::http::Declaration;
use shared::module::Module;

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "platform",
        about: "Health, this contract, and what its problems mean.",
        endpoints: vec![
            Declaration::of::<health::get_live::GetLive>(),
            Declaration::of::<health::get_ready::GetReady>(),
            Declaration::of::<problems::get_problem::GetProblem>(),
            Declaration::of::<reference::get_openapi::GetOpenapi>(),
            Declaration::of::<reference::get_docs::GetDocs>(),
            Declaration::of::<reference::get_docs_script::GetDocsScript>(),
            Declaration::of::<jobs::get_job::GetJob>(),
            Declaration::of::<jobs::get_job_result::GetJobResult>(),
            Declaration::of::<jobs::cancel_job::CancelJob>(),
            Declaration::of::<webhooks::create_webhook_endpoint::CreateWebhookEndpoint>(),
            Declaration::of::<webhooks::list_webhook_endpoints::ListWebhookEndpoints>(),
            Declaration::of::<webhooks::get_webhook_endpoint::GetWebhookEndpoint>(),
            Declaration::of::<webhooks::rotate_webhook_secret::RotateWebhookSecret>(),
            Declaration::of::<webhooks::delete_webhook_endpoint::DeleteWebhookEndpoint>(),
            Declaration::of::<audit::list_audit_log::ListAuditLog>(),
            Declaration::of::<mail::record_sendgrid_events::RecordSendgridEvents>(),
            Declaration::of::<fallback::Fallback>(),
        ],
        consumers: vec![
            ConsumerDeclaration::of::<webhooks::fan_out_webhooks::FanOutWebhooks>(),
            ConsumerDeclaration::of::<mail::send_mail::SendMail>(),
        ],
        workers: vec![
            WorkerDeclaration::of::<outbox_relay::OutboxRelay>(),
            WorkerDeclaration::of::<webhooks::deliver_webhooks::DeliverWebhooks>(),
            WorkerDeclaration::of::<mail::record_bounces::RecordBounces>(),
            WorkerDeclaration::of::<housekeeping::Housekeeping>(),
        ],
    }
}
