//! `functions/<module>/template.yaml`: each module's nested stack, made from its declarations, so that no endpoint can
//! be forgotten. The text is `local/templates/module.yaml`; this file has the values that the declarations fill in.

use crate::error::Error;
use crate::modules;
use askama::Template;
use shared::app::Needs;
use shared::background::{ATTEMPTS, ConsumerDeclaration, WorkerDeclaration};
use shared::deadline::LONGEST;
use shared::http::{Declaration, Route};
use shared::module::Module;
use std::time::Duration;

/// The most metrics that one alarm computes over.
const METRICS_PER_ALARM: usize = 10;

/// Each module's template: its path within the repository and its content.
pub fn all() -> Result<Vec<(String, String)>, Error> {
    modules()
        .iter()
        .map(|module| {
            let content = Stack::of(module).render()?;
            Ok((format!("functions/{}/template.yaml", module.name), content))
        })
        .collect()
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
    needs: Needs,
    functions: Vec<Function>,
    /// The parameter with the secret of each worker's database role, and the role.
    worker_secrets: Vec<(String, &'static str)>,
    /// The queues of all modules' consumers, for a module that sends to them.
    queues: Vec<&'static str>,
}

/// The function of one endpoint, consumer or worker, with its resources.
struct Function {
    /// The beginning of its resources' names, e.g. `CreatePatient`.
    id: String,
    /// Its binary, e.g. `create-patient`.
    binary: &'static str,
    hashes_passwords: bool,
    needs: Needs,
    /// Seconds that a call may take, where other than an endpoint's.
    timeout: Option<u64>,
    /// The parameter with the ARN of its database secret.
    database_secret: String,
    routes: Vec<Entry>,
    queue: Option<SourceQueue>,
    /// Minutes between runs.
    every: Option<u64>,
}

/// A consumer's queue.
struct SourceQueue {
    /// Seconds: six times the function's time-out, as AWS advises; there is no batching window to add.
    visibility: u64,
    /// The number of receives before a message is a dead letter.
    receives: i64,
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

/// One route of the gateway that leads to a function.
struct Entry {
    /// The beginning of its resources' names, e.g. `GetPatientHead`.
    id: String,
    /// E.g. `GET /api/v1/patients/{id}`.
    key: String,
    /// The same in the permission to call the function: parameters are stars.
    source: String,
}

impl Stack {
    fn of(module: &Module) -> Self {
        let mut functions: Vec<_> = module.endpoints.iter().map(Function::of).collect();
        functions.extend(module.consumers.iter().map(Function::of_consumer));
        functions.extend(module.workers.iter().map(Function::of_worker));
        let sends = functions.iter().any(|function| function.needs.queues);
        let consumers = modules().into_iter().flat_map(|module| module.consumers);
        let mut worker_secrets: Vec<_> =
            module.workers.iter().map(|worker| (database_secret(worker.role), worker.role)).collect();
        worker_secrets.dedup();
        Self {
            module: module.name,
            timeout: LONGEST.as_secs(),
            slow: LONGEST.saturating_sub(Duration::from_secs(2)).as_millis(),
            needs: module.needs(),
            queues: consumers.filter(|_| sends).map(|consumer| consumer.name).collect(),
            functions,
            worker_secrets,
        }
    }

    /// Whether a function takes the mail provider's notices.
    fn takes_mail_notices(&self) -> bool {
        self.functions.iter().any(|function| function.needs.mail_notices)
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

impl Function {
    fn of(endpoint: &Declaration) -> Self {
        let id = pascal_case(endpoint.name);
        Self {
            binary: endpoint.name,
            hashes_passwords: endpoint.policy.hashes_passwords,
            needs: endpoint.policy.needs(),
            timeout: None,
            database_secret: "DatabaseSecretArn".to_owned(),
            routes: entries(&id, &endpoint.route),
            queue: None,
            every: None,
            id,
        }
    }

    fn of_consumer(consumer: &ConsumerDeclaration) -> Self {
        let timeout = consumer.timeout.as_secs();
        Self {
            id: pascal_case(consumer.name),
            binary: consumer.name,
            hashes_passwords: false,
            needs: consumer.needs,
            timeout: Some(timeout),
            database_secret: "DatabaseSecretArn".to_owned(),
            routes: Vec::new(),
            queue: Some(SourceQueue { visibility: 6 * timeout, receives: ATTEMPTS }),
            every: None,
        }
    }

    fn of_worker(worker: &WorkerDeclaration) -> Self {
        Self {
            id: pascal_case(worker.name),
            binary: worker.name,
            hashes_passwords: false,
            needs: worker.needs,
            timeout: Some(worker.timeout.as_secs() + AFTER_THE_RUN),
            database_secret: database_secret(worker.role),
            routes: Vec::new(),
            queue: None,
            every: Some(worker.every.as_secs().div_ceil(60).max(1)),
        }
    }
}

/// The suffix of the second and later alarms of a kind.
fn number(group: usize) -> String {
    if group == 0 { String::new() } else { (group + 1).to_string() }
}

/// Seconds that a worker's function has beyond the time of its run.
const AFTER_THE_RUN: u64 = 5;

/// The parameter with the secret of a worker's database role.
fn database_secret(role: &str) -> String {
    format!("{}DatabaseSecretArn", pascal_case(&role.replace('_', "-")))
}

impl Function {
    /// The period of its runs, as a schedule writes it.
    fn minutes(&self) -> String {
        match self.every.unwrap_or(1) {
            1 => "1 minute".to_owned(),
            more => format!("{more} minutes"),
        }
    }

    /// Six times its time-out, in seconds.
    fn six_times(&self) -> u64 {
        6 * self.timeout.unwrap_or(LONGEST.as_secs())
    }

    /// Whether the function has settings beside those of every function.
    fn is_given_settings(&self) -> bool {
        self.needs != Needs::default()
    }

    /// The secrets that the function may read.
    fn secrets(&self) -> Vec<String> {
        let all = [
            (self.needs.database, format!("!Ref {}", self.database_secret)),
            (self.needs.issues_tokens, "!Ref TokenSecretKeySecretArn".to_owned()),
            (
                self.needs.external.is_some(),
                "!If [HasRedis, !Ref RedisUrlSecretArn, !Ref AWS::NoValue]".to_owned(),
            ),
            (
                self.needs.mail,
                "!If [HasSendgridApiKey, !Ref SendgridApiKeySecretArn, !Ref AWS::NoValue]".to_owned(),
            ),
        ];
        all.into_iter().filter(|(needed, _)| *needed).map(|(_, secret)| secret).collect()
    }
}

/// The gateway's routes to an endpoint. `HEAD` is a second route to each `GET`'s own function.
fn entries(id: &str, route: &Route) -> Vec<Entry> {
    if route.is_catch_all() {
        let key = route.template.to_owned();
        return vec![Entry { id: id.to_owned(), source: key.clone(), key }];
    }
    let methods = [("", &route.method), ("Head", &http::Method::HEAD)];
    methods
        .into_iter()
        .filter(|(suffix, method)| suffix.is_empty() || route.takes(method))
        .map(|(suffix, method)| Entry {
            id: format!("{id}{suffix}"),
            key: format!("{method} {}", route.template),
            source: format!("{method}{}", starred(route.template)),
        })
        .collect()
}

fn starred(template: &str) -> String {
    let segments = template.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// `create-patient` as `CreatePatient`.
fn pascal_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect()
}
