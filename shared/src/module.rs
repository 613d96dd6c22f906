//! A module as a value, for lists: its endpoints, consumers and workers.

use crate::app::{App, Needs};
use crate::background::{ConsumerDeclaration, WorkerDeclaration, consumer, jobs, mail_statements};
use crate::database::{Claim, Scope, Statement, claim, readiness, settings, tenant};
use crate::http::idempotency::fingerprint;
use crate::http::{Declaration, Sample, audit};
use std::sync::Arc;

/// A module: its name, which is also its schema and database role, and what it declares.
#[derive(Debug, Clone)]
pub struct Module {
    /// E.g. `billing`.
    pub name: &'static str,
    /// The module's purpose, in one line for callers of the API.
    pub about: &'static str,
    /// The module's endpoints.
    pub endpoints: Vec<Declaration>,
    /// The module's consumers.
    pub consumers: Vec<ConsumerDeclaration>,
    /// The module's workers.
    pub workers: Vec<WorkerDeclaration>,
}

impl Module {
    /// The needs of all endpoints and consumers together.
    pub fn needs(&self) -> Needs {
        let endpoints = self.endpoints.iter().map(|endpoint| endpoint.policy.needs());
        let consumers = self.consumers.iter().map(|consumer| consumer.needs);
        endpoints.chain(consumers).fold(Needs::default(), Needs::and)
    }

    /// The consumers, each with the module's app.
    pub fn consumers_on(&self, app: &Arc<App>) -> Vec<(ConsumerDeclaration, Arc<App>)> {
        self.consumers.iter().map(|consumer| (consumer.clone(), Arc::clone(app))).collect()
    }
}

/// The statements of `shared` that any module may send, for the checks that prepare and explain them.
pub fn statements(sample: &Sample<'_>) -> Vec<Statement<()>> {
    let (clinic, call) = (sample.clinic(), &sample.call);
    let key = Claim {
        clinic,
        caller: sample.id("user"),
        key: "sample".to_owned(),
        fingerprint: fingerprint("POST", "/", b"", b""),
        at: call.now,
    };
    let mut all = vec![
        settings(Scope { clinic: Some(clinic), account: None }, call.deadline.left()),
        tenant(clinic),
        claim::forget_if_expired(&key),
        claim::claim(&key),
        claim::store(&key),
        claim::stored(&key),
        audit(call, clinic, key.caller, "sample.taken", "sample", key.caller),
        readiness::probe_statement().erase(),
    ];
    all.extend(consumer::statements(sample));
    all.extend(jobs::statements(sample));
    all.extend(mail_statements(sample));
    all
}
