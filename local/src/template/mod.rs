//! `template.yaml`, and `functions/<module>/template.yaml`, each module's nested stack: made from the declarations, so
//! that no endpoint, no setting and no permission can be forgotten. The texts are `local/templates/root.yaml` and
//! `local/templates/module.yaml`; the files here have the values that the declarations fill in.

mod expressions;
mod function;
mod root;

use crate::error::Error;
use crate::modules;
use askama::Template;
use expressions::{Target, conditions, parameters};
use function::{Function, database_secret, pascal_case};
use shared::app::CORS_ALLOWED_ORIGINS;
use shared::database::Database;
use shared::deadline::LONGEST;
use shared::mail::Notices;
use shared::module::Module;
use shared::outbox::Queues;
use shared::parts::Part as _;
use shared::settings::{Parameter, Setting};
use shared::telemetry;
use std::collections::BTreeSet;
use std::time::Duration;

/// The most metrics that one alarm computes over.
const METRICS_PER_ALARM: usize = 10;

/// Each module's template: its path within the repository and its content.
pub fn all() -> Result<Vec<(String, String)>, Error> {
    let stacks: Vec<Stack> = modules().iter().map(Stack::of).collect();
    let mut files = vec![("template.yaml".to_owned(), root::Root::of(&stacks).render()?)];
    for stack in &stacks {
        files.push((format!("functions/{}/template.yaml", stack.module), stack.render()?));
    }
    Ok(files)
}

/// The parameters of the settings that every function reads, with the key of the setting.
fn common() -> impl Iterator<Item = (Parameter, &'static str)> {
    common_settings().filter_map(expressions::of_setting)
}

/// The settings that every function reads.
pub(crate) fn common_settings() -> impl Iterator<Item = &'static Setting> {
    [&CORS_ALLOWED_ORIGINS].into_iter().chain(telemetry::SETTINGS)
}

/// A module's nested stack.
#[derive(Template)]
#[template(path = "module.yaml", escape = "none")]
struct Stack {
    module: &'static str,
    /// Seconds after which Lambda ends an endpoint's call: the longest deadline of the code.
    timeout: u64,
    /// Milliseconds after which a call is about to be cut off.
    slow: u128,
    /// Whether a function works under the module's own role.
    has_database: bool,
    functions: Vec<Function>,
    /// The parameters of the settings of its functions' parts, with the key of the setting.
    parameters: Vec<(Parameter, &'static str)>,
    /// Whether a function takes the mail provider's notices.
    takes_notices: bool,
    /// The conditions that the parts ask for: name and expression.
    conditions: Vec<(String, String)>,
    /// The parameter with the secret of each worker's database role, and the role.
    worker_secrets: Vec<(String, &'static str)>,
    /// The queues of all modules' consumers, for a module that sends to them.
    queues: Vec<&'static str>,
}

/// One alarm over up to ten functions.
struct Alarm<'a> {
    id: String,
    /// The metric of Lambda's.
    metric: &'static str,
    /// The expression that makes one number of all functions' numbers.
    computes: &'static str,
    /// The statistic that makes one number of five minutes.
    statistic: &'static str,
    threshold: u128,
    /// The description: what happened, and where to look.
    says: &'static str,
    functions: &'a [Function],
}

impl Stack {
    fn of(module: &Module) -> Self {
        let mut functions: Vec<_> = module.endpoints.iter().map(Function::of).collect();
        functions.extend(module.consumers.iter().map(Function::of_consumer));
        functions.extend(module.workers.iter().map(Function::of_worker));
        let sends = functions.iter().any(|function| function.has(Queues::NAME));
        let consumers = modules().into_iter().flat_map(|module| module.consumers);
        let mut worker_secrets: Vec<_> =
            module.workers.iter().map(|worker| (database_secret(worker.role), worker.role)).collect();
        worker_secrets.dedup();
        Self {
            module: module.name,
            timeout: LONGEST.as_secs(),
            slow: LONGEST.saturating_sub(Duration::from_secs(2)).as_millis(),
            takes_notices: functions.iter().any(|function| function.has(Notices::NAME)),
            has_database: functions.iter().any(|it| it.every.is_none() && it.has(Database::NAME)),
            parameters: parameters(functions.iter().flat_map(|function| &function.requirements)),
            conditions: conditions(functions.iter().flat_map(|function| &function.requirements)),
            queues: consumers.filter(|_| sends).map(|consumer| consumer.name).collect(),
            functions,
            worker_secrets,
        }
    }

    /// The parameters of settings: the name, and the key of the setting or else what the parameter means.
    fn described_parameters(&self) -> Vec<(&'static str, String)> {
        let about = |parameter: &Parameter, key: &str| {
            if key.is_empty() { expressions::quoted(parameter.about) } else { key.to_owned() }
        };
        let all = self.parameters.iter().copied().chain(common());
        all.map(|(parameter, key)| (parameter.name, about(&parameter, key))).collect()
    }

    /// The variables that every function has: key and expression.
    #[expect(clippy::unused_self, reason = "the template calls it")]
    fn common_variables(&self) -> Vec<(&'static str, String)> {
        common_settings().filter_map(|setting| expressions::variable(setting, "", "")).collect()
    }

    /// The alarms over all functions of the module, in groups that fit into one alarm.
    fn alarms(&self) -> Vec<Alarm<'_>> {
        let groups = self.functions.chunks(METRICS_PER_ALARM).enumerate();
        let all = groups.flat_map(|(index, functions)| Self::alarms_over(index, functions));
        // Callers wait for endpoints; consumers and workers may take their time.
        let endpoints = self.functions.iter().take_while(|function| !function.routes.is_empty()).count();
        let waited_for = self.functions.get(..endpoints).unwrap_or_default();
        let groups = waited_for.chunks(METRICS_PER_ALARM).enumerate();
        all.chain(groups.map(|(index, functions)| Alarm {
            id: format!("DurationAlarm{}", number(index)),
            metric: "Duration",
            computes: "MAX",
            statistic: "Maximum",
            threshold: self.slow,
            says: "a call was about to be cut off; see docs/operations.md",
            functions,
        }))
        .collect()
    }

    /// The alarms at log lines that ask for somebody: the resource's name and the event of the lines.
    fn log_alarms(&self) -> Vec<(String, &'static str)> {
        let events: BTreeSet<_> = self.functions.iter().filter_map(Function::alarm).collect();
        events.into_iter().map(|event| (pascal_case(&event.replace('.', "-")), event)).collect()
    }

    fn alarms_over(group: usize, functions: &[Function]) -> [Alarm<'_>; 2] {
        let alarm = |metric, says| Alarm {
            id: format!("{metric}Alarm{}", number(group)),
            metric,
            computes: "SUM",
            statistic: "Sum",
            threshold: 1,
            says,
            functions,
        };
        [
            alarm("Errors", "a function ended without a reply; its log says how"),
            alarm("Throttles", "calls were refused; look at the account's concurrency"),
        ]
    }
}

/// The suffix of the second and later alarms of a kind.
fn number(group: usize) -> String {
    if group == 0 { String::new() } else { (group + 1).to_string() }
}
