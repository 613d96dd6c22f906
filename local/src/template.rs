//! `functions/<module>/template.yaml`: each module's nested stack, made from its declarations, so that no endpoint can
//! be forgotten. Its text is `local/templates/module.yaml`; here is only what the declarations fill into it.

use crate::error::Error;
use crate::modules;
use askama::Template;
use shared::deadline::LONGEST;
use shared::endpoint::{Declaration, Module};
use shared::route::Route;
use shared::settings::Needs;
use std::time::Duration;

/// The most that one alarm computes over.
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
    /// Seconds: when the code's own deadline has passed, the environment may be ended too.
    timeout: u64,
    /// Milliseconds: a call this long is about to be cut off.
    slow: u128,
    needs: Needs,
    functions: Vec<Function>,
}

/// One endpoint's function, and what belongs to it.
struct Function {
    /// What its resources are called, e.g. `CreatePatient`.
    id: String,
    /// Its binary, e.g. `create-patient`.
    binary: &'static str,
    hashes_passwords: bool,
    needs: Needs,
    routes: Vec<Entry>,
}

/// One alarm over up to ten functions.
struct Alarm<'a> {
    id: String,
    /// The metric of Lambda's.
    metric: &'static str,
    /// What makes one number of all functions' numbers.
    computes: &'static str,
    /// What makes one number of five minutes.
    statistic: &'static str,
    threshold: u128,
    /// What happened, and where to look.
    says: &'static str,
    functions: &'a [Function],
}

/// One route of the gateway that leads to a function.
struct Entry {
    /// What its resources are called, e.g. `GetPatientHead`.
    id: String,
    /// E.g. `GET /api/v1/patients/{id}`.
    key: String,
    /// The same as the gateway names it when it asks Lambda to be let in: parameters are stars there.
    source: String,
}

impl Stack {
    fn of(module: &Module) -> Self {
        Self {
            module: module.name,
            timeout: LONGEST.as_secs(),
            slow: LONGEST.saturating_sub(Duration::from_secs(2)).as_millis(),
            needs: module.needs(),
            functions: module.endpoints.iter().map(Function::of).collect(),
        }
    }

    /// What is watched, over all functions of the module, in groups that fit into one alarm.
    fn alarms(&self) -> Vec<Alarm<'_>> {
        let groups = self.functions.chunks(METRICS_PER_ALARM).enumerate();
        groups.flat_map(|(index, functions)| self.alarms_over(index, functions)).collect()
    }

    fn alarms_over<'a>(&self, group: usize, functions: &'a [Function]) -> [Alarm<'a>; 3] {
        let number = if group == 0 { String::new() } else { (group + 1).to_string() };
        let alarm = |metric, computes, statistic, threshold, says| Alarm {
            id: format!("{metric}Alarm{number}"),
            metric,
            computes,
            statistic,
            threshold,
            says,
            functions,
        };
        [
            alarm("Errors", "SUM", "Sum", 1, "a function ended without a reply; its log says how"),
            alarm("Throttles", "SUM", "Sum", 1, "calls were refused; look at the account's concurrency"),
            alarm(
                "Duration",
                "MAX",
                "Maximum",
                self.slow,
                "a call was about to be cut off; see docs/operations.md",
            ),
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
            routes: entries(&id, &endpoint.route),
            id,
        }
    }
}

impl Function {
    /// Whether it has settings beside those of every function.
    fn is_given_settings(&self) -> bool {
        self.needs != Needs::default()
    }

    /// The secrets it may read.
    fn secrets(&self) -> Vec<&'static str> {
        let all = [
            (self.needs.database, "!Ref DatabaseSecretArn"),
            (self.needs.issues_tokens, "!Ref TokenSecretKeySecretArn"),
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
