//! platform: health checks, the contract and its reference page, the page behind every problem, and the answer to everything that has no route.
//!
//! It has no tables of its own. What it must know of the other modules are files generated from their declarations
//! by `cargo run -- generate`: `openapi.json`, `problems.json` and `routes.json`.

pub mod fallback;
pub mod health;
pub mod jobs;
pub mod outbox_relay;
pub mod problems;
pub mod reference;

use shared::endpoint::{Declaration, Module};
use shared::worker::WorkerDeclaration;

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
            Declaration::of::<fallback::Fallback>(),
        ],
        consumers: Vec::new(),
        workers: vec![WorkerDeclaration::of::<outbox_relay::OutboxRelay>()],
    }
}
