//! A module as a value, for lists: its endpoints, consumers and workers.

use crate::background::{ConsumerDeclaration, WorkerDeclaration, consumer, jobs, mail_statements};
use crate::database::{Claim, Scope, Statement, claim, probe, settings, tenant};
use crate::http::idempotency::fingerprint;
use crate::http::{Declaration, Sample, audit};

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
        probe::probe_statement().erase(),
    ];
    all.extend(consumer::statements(sample));
    all.extend(jobs::statements(sample));
    all.extend(mail_statements(sample));
    all
}
