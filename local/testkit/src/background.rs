//! Consumers and workers in a test.

use crate::TestDatabase;
use shared::app::App;
use shared::background::{Attempt, InProcess, OpenConsumer, WorkerDeclaration};
use shared::deadline::{Deadline, LONGEST};
use shared::failure::Fault;
use shared::module::Module;
use shared::outbox::{Event, Queue};
use shared::parts::Opening;
use std::sync::Arc;

/// The consumers and workers of the modules under test.
#[derive(Debug, Default)]
pub(crate) struct Background {
    modules: Vec<(Module, Vec<OpenConsumer>)>,
}

impl Background {
    pub(crate) fn add(&mut self, module: &Module, app: &Arc<App>, opening: &Opening) {
        let consumers = module.consumers.iter().cloned();
        let opened = consumers.map(|it| opening.finish(it.open(Ok(Arc::clone(app)), opening)).unwrap());
        let opened = opened.collect();
        self.modules.push((module.clone(), opened));
    }

    pub(crate) fn queues(&self) -> Arc<dyn Queue> {
        Arc::new(InProcess::of(self.all_consumers().cloned().collect()))
    }

    /// The module of the consumer of that name.
    pub(crate) fn module_of(&self, consumer: &str) -> &'static str {
        let has = |module: &Module| module.consumers.iter().any(|declared| declared.name == consumer);
        self.modules.iter().find(|(module, _)| has(module)).unwrap().0.name
    }

    pub(crate) fn consumers(&self) -> Vec<&'static str> {
        self.modules.iter().flat_map(|(module, _)| &module.consumers).map(|consumer| consumer.name).collect()
    }

    pub(crate) fn worker(&self, name: &str) -> &WorkerDeclaration {
        let mut workers = self.modules.iter().flat_map(|(module, _)| &module.workers);
        workers.find(|worker| worker.name == name).unwrap()
    }

    pub(crate) async fn take(&self, name: &str, event: &Event, attempt: Attempt) -> Result<(), Fault> {
        let consumer = self.all_consumers().find(|consumer| consumer.declaration.name == name).unwrap();
        consumer.take(event, attempt, Deadline::within(LONGEST)).await
    }

    fn all_consumers(&self) -> impl Iterator<Item = &OpenConsumer> {
        self.modules.iter().flat_map(|(_, consumers)| consumers)
    }
}

/// The rows of the outbox for which the condition holds, as events.
pub(crate) async fn events(database: &TestDatabase, condition: &str) -> Vec<Event> {
    let sql = "SELECT jsonb_build_object('id', id, 'clinicId', clinic_id, 'aggregate', aggregate,
                      'aggregateId', aggregate_id, 'seq', seq, 'kind', kind, 'ids', ids,
                      'traceparent', traceparent, 'createdAt', created_at)
                 FROM kernel.outbox
                WHERE {condition}
                ORDER BY clinic_id, aggregate, aggregate_id, seq, id";
    let rows = database.rows(&sql.replace("{condition}", condition)).await;
    rows.into_iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect()
}
