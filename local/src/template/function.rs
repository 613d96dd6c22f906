//! The function of one endpoint, consumer or worker, with its resources.

use super::expressions::{Statement, secret, variable};
use shared::background::{ATTEMPTS, ConsumerDeclaration, WorkerDeclaration};
use shared::deadline::LONGEST;
use shared::http::{Declaration, Route};
use shared::parts::Requirements;
use shared::settings::Setting;

/// The function of one endpoint, consumer or worker, with its resources.
pub(super) struct Function {
    /// The beginning of its resources' names, e.g. `CreatePatient`.
    pub(super) id: String,
    /// Its binary, e.g. `create-patient`.
    pub(super) binary: &'static str,
    pub(super) hashes_passwords: bool,
    pub(super) requirements: Vec<(&'static str, Requirements)>,
    /// Seconds that a call may take, where other than an endpoint's.
    pub(super) timeout: Option<u64>,
    /// The parameter with the ARN of its database secret.
    pub(super) database_secret: String,
    pub(super) routes: Vec<Entry>,
    pub(super) queue: Option<SourceQueue>,
    /// Minutes between runs.
    pub(super) every: Option<u64>,
}

/// A consumer's queue.
pub(super) struct SourceQueue {
    /// Seconds: six times the function's time-out, as AWS advises; there is no batching window to add.
    pub(super) visibility: u64,
    /// The number of receives before a message is a dead letter.
    pub(super) receives: i64,
}

/// One route of the gateway that leads to a function.
pub(super) struct Entry {
    /// The beginning of its resources' names, e.g. `GetPatientHead`.
    pub(super) id: String,
    /// E.g. `GET /api/v1/patients/{id}`.
    pub(super) key: String,
    /// The same in the permission to call the function: parameters are stars.
    pub(super) source: String,
}

impl Function {
    pub(super) fn of(endpoint: &Declaration) -> Self {
        let id = pascal_case(endpoint.name);
        Self {
            binary: endpoint.name,
            hashes_passwords: endpoint.policy.hashes_passwords,
            requirements: endpoint.requirements(),
            timeout: None,
            database_secret: "DatabaseSecretArn".to_owned(),
            routes: entries(&id, &endpoint.route),
            queue: None,
            every: None,
            id,
        }
    }

    pub(super) fn of_consumer(consumer: &ConsumerDeclaration) -> Self {
        let timeout = consumer.timeout.as_secs();
        Self {
            id: pascal_case(consumer.name),
            binary: consumer.name,
            hashes_passwords: false,
            requirements: consumer.requirements(),
            timeout: Some(timeout),
            database_secret: "DatabaseSecretArn".to_owned(),
            routes: Vec::new(),
            queue: Some(SourceQueue { visibility: 6 * timeout, receives: ATTEMPTS }),
            every: None,
        }
    }

    pub(super) fn of_worker(worker: &WorkerDeclaration) -> Self {
        Self {
            id: pascal_case(worker.name),
            binary: worker.name,
            hashes_passwords: false,
            requirements: worker.requirements(),
            timeout: Some(worker.timeout.as_secs() + AFTER_THE_RUN),
            database_secret: database_secret(worker.role),
            routes: Vec::new(),
            queue: None,
            every: Some(worker.every.as_secs().div_ceil(60).max(1)),
        }
    }
}

/// Seconds that a worker's function has beyond the time of its run.
const AFTER_THE_RUN: u64 = 5;

/// The parameter with the secret of a worker's database role.
pub(super) fn database_secret(role: &str) -> String {
    format!("{}DatabaseSecretArn", pascal_case(&role.replace('_', "-")))
}

impl Function {
    /// The event of log lines that ask for somebody, where a part of its own has such lines.
    pub(super) fn alarm(&self) -> Option<&'static str> {
        self.requirements.iter().find_map(|(_, needed)| needed.alarm)
    }

    /// The period of its runs, as a schedule writes it.
    pub(super) fn minutes(&self) -> String {
        match self.every.unwrap_or(1) {
            1 => "1 minute".to_owned(),
            more => format!("{more} minutes"),
        }
    }

    /// Six times its time-out, in seconds.
    pub(super) fn six_times(&self) -> u64 {
        6 * self.timeout.unwrap_or(LONGEST.as_secs())
    }

    /// Whether the function opens that part.
    pub(super) fn has(&self, part: &str) -> bool {
        self.requirements.iter().any(|(name, _)| *name == part)
    }

    /// The variables of the function beside those of every function: key and expression.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        self.settings()
            .into_iter()
            .filter_map(|setting| variable(setting, &self.id, &self.database_secret))
            .collect()
    }

    /// The secrets that the function may read, as expressions.
    pub(super) fn secrets(&self) -> Vec<String> {
        self.settings().into_iter().filter_map(|setting| secret(setting, &self.database_secret)).collect()
    }

    /// The settings that its parts read, each once.
    fn settings(&self) -> Vec<&'static Setting> {
        let mut all: Vec<&Setting> = Vec::new();
        for setting in self.requirements.iter().flat_map(|(_, needed)| needed.settings) {
            if all.iter().all(|known| known.key != setting.key) {
                all.push(setting);
            }
        }
        all
    }

    /// The statements of the function's role for its parts.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let permissions = self.requirements.iter().flat_map(|(_, needed)| needed.permissions);
        permissions.map(|permission| Statement::of(permission, &self.id)).collect()
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
pub(super) fn pascal_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect()
}
