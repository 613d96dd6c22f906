//! A module as a value, for lists: its endpoints, consumers and workers, and what they need all together.

use crate::app::{App, Needs};
use crate::background::{ConsumerDeclaration, WorkerDeclaration, consumer, jobs, mail_statements};
use crate::database::{Claim, Scope, Statement, claim, readiness, settings, tenant};
use crate::http::idempotency::fingerprint;
use crate::http::{Declaration, Sample, audit};
use std::sync::Arc;

/// A module: its name, which is also its schema and database role, and its endpoints.
#[derive(Debug, Clone)]
pub struct Module {
    /// E.g. `billing`.
    pub name: &'static str,
    /// What it is for, in one line for those who call it.
    pub about: &'static str,
    /// All of its endpoints.
    pub endpoints: Vec<Declaration>,
    /// What happens in it after changes.
    pub consumers: Vec<ConsumerDeclaration>,
    /// What happens in it by the clock.
    pub workers: Vec<WorkerDeclaration>,
}

impl Module {
    /// What its endpoints and consumers need, all together.
    pub fn needs(&self) -> Needs {
        let endpoints = self.endpoints.iter().map(|endpoint| endpoint.policy.needs());
        let consumers = self.consumers.iter().map(|consumer| consumer.needs);
        endpoints.chain(consumers).fold(Needs::default(), Needs::and)
    }

    /// Its consumers, each with the app that all of the module runs on.
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
