//! What is deployed is what is declared (A1, F1): the committed templates are read here as AWS reads them,
//! independent of how they were made.

use crate::sources::{slices, under};
use grafono::generate::root;
use http::Method;
use regex::Regex;
use serde_json::Value;
use shared::module::Module;
use shared::parts::Requirements;
use shared::settings::Setting;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The most resources of one stack.
const MOST_RESOURCES: usize = 500;

/// The most routes of an HTTP API, unless AWS is asked for more.
const MOST_ROUTES: usize = 300;

/// A resource, with what it is called in its template.
pub(crate) type Resource<'a> = (&'a str, &'a Value);

/// A committed template. A tag such as `!Ref` is gone after reading, its value stands.
pub(crate) fn template(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// Every module with its template.
pub(crate) fn stacks() -> Vec<(Module, Value)> {
    let modules = grafono::modules().into_iter();
    modules
        .map(|module| {
            let template = template(&format!("functions/{}/template.yaml", module.name));
            (module, template)
        })
        .collect()
}

/// The resources of a type, e.g. `AWS::Serverless::Function`.
pub(crate) fn of_type<'a>(template: &'a Value, kind: &str) -> Vec<Resource<'a>> {
    let all = template["Resources"].as_object().unwrap().iter();
    all.filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect()
}

/// The functions of a template.
pub(crate) fn functions(template: &Value) -> Vec<Resource<'_>> {
    of_type(template, "AWS::Serverless::Function")
}

/// The binary a function runs, as `cargo lambda build` lays it out.
pub(crate) fn binary(function: &Value) -> &str {
    function["CodeUri"].as_str().unwrap().strip_prefix("../../target/lambda/").unwrap()
}

/// The gateway's routes to a function, sorted; one that stands twice is there twice.
fn routes_to(template: &Value, function: &str) -> Vec<String> {
    let integrations = of_type(template, "AWS::ApiGatewayV2::Integration").into_iter();
    let own: Vec<String> = integrations
        .filter(|(_, integration)| integration["IntegrationUri"] == format!("{function}.Arn"))
        .map(|(id, _)| format!("integrations/${{{id}}}"))
        .collect();
    let routes = of_type(template, "AWS::ApiGatewayV2::Route").into_iter();
    let mut keys: Vec<String> = routes
        .filter(|(_, route)| own.contains(&route["Target"].as_str().unwrap().to_owned()))
        .map(|(_, route)| route["RouteKey"].as_str().unwrap().to_owned())
        .collect();
    keys.sort();
    keys
}

/// What is to be deployed of an endpoint, a consumer or a worker.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// The name of its binary.
    pub(crate) name: &'static str,
    /// What its parts need, by their names.
    pub(crate) requirements: Vec<(&'static str, Requirements)>,
    /// The gateway's routes to it, sorted.
    pub(crate) routes: Vec<String>,
    /// What a call may take, in seconds.
    pub(crate) timeout: u64,
    /// The parameter with its database secret.
    pub(crate) secret: String,
}

impl Deployed {
    /// The settings that it reads.
    pub(crate) fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.requirements.iter().flat_map(|(_, needed)| needed.settings)
    }
}

/// Everything of a module that runs, sorted by its name.
pub(crate) fn declared(module: &Module) -> Vec<Deployed> {
    let endpoints = module.endpoints.iter().map(|endpoint| {
        let (method, path) = (&endpoint.route.method, endpoint.route.template);
        let routes = match *method {
            _ if path == "$default" => vec![path.to_owned()],
            Method::GET => vec![format!("GET {path}"), format!("HEAD {path}")],
            _ => vec![format!("{method} {path}")],
        };
        let timeout = shared::deadline::LONGEST.as_secs();
        let secret = "DatabaseSecretArn".to_owned();
        Deployed { name: endpoint.name, requirements: endpoint.requirements(), routes, timeout, secret }
    });
    let consumers = module.consumers.iter().map(|consumer| Deployed {
        name: consumer.name,
        requirements: consumer.requirements(),
        routes: Vec::new(),
        timeout: consumer.timeout.as_secs(),
        secret: "DatabaseSecretArn".to_owned(),
    });
    let workers = module.workers.iter().map(|worker| {
        let words = worker.role.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        Deployed {
            name: worker.name,
            requirements: worker.requirements(),
            routes: Vec::new(),
            timeout: worker.timeout.as_secs() + 5,
            secret: words.collect::<String>() + "DatabaseSecretArn",
        }
    });
    let mut all: Vec<_> = endpoints.chain(consumers).chain(workers).collect();
    all.sort_by_key(|deployed| deployed.name);
    all
}

#[test]
fn everything_declared_has_one_binary_and_there_is_no_other() {
    let name = Regex::new(r#"(?m)^\[\[bin\]\]\nname = "([^"]+)"$"#).unwrap();
    for module in grafono::modules() {
        let manifest = root().join(format!("functions/{}/Cargo.toml", module.name));
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let mut binaries: Vec<_> = name.captures_iter(&manifest).map(|found| found[1].to_owned()).collect();
        binaries.sort();
        let declared: Vec<_> = declared(&module).into_iter().map(|deployed| deployed.name).collect();
        assert_eq!(binaries, declared, "{}", module.name);
    }
}

#[test]
fn a_binary_is_found_by_its_name_alone_which_is_all_that_cargo_lambda_watch_gives() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let members = metadata["workspace_default_members"].as_array().unwrap();
    let members: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
    for module in grafono::modules() {
        let folder = format!("/functions/{}#", module.name);
        assert!(members.iter().any(|id| id.contains(&folder)), "{} in {members:?}", module.name);
    }
}

#[test]
fn everything_declared_has_one_function_with_its_routes_and_there_are_no_others() {
    for (module, template) in stacks() {
        let functions = functions(&template).into_iter();
        let mut deployed: Vec<_> =
            functions.map(|(id, function)| (binary(function).to_owned(), routes_to(&template, id))).collect();
        deployed.sort();
        let declared: Vec<_> =
            declared(&module).into_iter().map(|it| (it.name.to_owned(), it.routes)).collect();
        assert_eq!(deployed, declared, "{}", module.name);
        let routes = of_type(&template, "AWS::ApiGatewayV2::Route").len();
        let reached: usize = deployed.iter().map(|(_, routes)| routes.len()).sum();
        assert_eq!(routes, reached, "{} has a route that leads nowhere", module.name);
    }
}

#[test]
fn the_gateway_may_call_each_function_by_its_own_routes_alone() {
    let parameter = regex::Regex::new(r"\{[^}]+\}").unwrap();
    for (module, template) in stacks() {
        for (id, _) in functions(&template) {
            let permissions = of_type(&template, "AWS::Lambda::Permission").into_iter();
            let mut sources: Vec<_> = permissions
                .filter(|(_, permission)| permission["FunctionName"] == id)
                .filter(|(_, permission)| permission["Principal"] == "apigateway.amazonaws.com")
                .map(|(_, permission)| permission["SourceArn"].as_str().unwrap())
                .map(|source| source.split_once("${ApiId}/*/").unwrap().1.to_owned())
                .collect();
            sources.sort();
            let keys = routes_to(&template, id).into_iter();
            let expected: Vec<_> =
                keys.map(|key| parameter.replace_all(&key.replacen(' ', "", 1), "*").into_owned()).collect();
            assert_eq!(sources, expected, "{}: {id}", module.name);
        }
    }
}

#[test]
fn the_root_has_every_module_and_no_other() {
    let root = template("template.yaml");
    let stacks = of_type(&root, "AWS::CloudFormation::Stack").into_iter();
    let named: BTreeSet<String> =
        stacks.map(|(_, stack)| stack["TemplateURL"].as_str().unwrap().to_owned()).collect();
    let modules = grafono::modules().into_iter();
    let expected: BTreeSet<String> =
        modules.map(|module| format!("functions/{}/template.yaml", module.name)).collect();
    assert_eq!(named, expected);
}

#[test]
fn stacks_stay_below_what_cloudformation_takes_and_routes_below_what_the_gateway_does() {
    let mut routes = 0;
    for (module, template) in stacks() {
        let count = template["Resources"].as_object().unwrap().len();
        assert!(count <= MOST_RESOURCES, "{}: {count} resources", module.name);
        routes += of_type(&template, "AWS::ApiGatewayV2::Route").len();
    }
    assert!(routes <= MOST_ROUTES, "{routes} routes");
}

#[test]
fn a_function_is_ended_when_its_own_deadline_has_passed_and_never_later() {
    for (module, template) in stacks() {
        let common = &template["Globals"]["Function"]["Timeout"];
        for (id, function) in functions(&template) {
            let timeout = function.get("Timeout").unwrap_or(common).as_u64();
            let declared = declared(&module);
            let expected = declared.iter().find(|deployed| deployed.name == binary(function)).unwrap();
            assert_eq!(timeout, Some(expected.timeout), "{}: {id}", module.name);
        }
    }
}

#[test]
fn every_function_logs_to_its_own_group_which_is_kept_for_a_stated_time() {
    for (module, template) in stacks() {
        let groups: BTreeMap<_, _> = of_type(&template, "AWS::Logs::LogGroup").into_iter().collect();
        let mut used = BTreeSet::new();
        for (id, function) in functions(&template) {
            let group = function["LoggingConfig"]["LogGroup"].as_str().unwrap();
            assert_eq!(groups[group]["RetentionInDays"], "LogRetentionDays", "{}: {id}", module.name);
            assert!(used.insert(group), "{}: {group} is shared", module.name);
        }
    }
    let root = template("template.yaml");
    for (id, group) in of_type(&root, "AWS::Logs::LogGroup") {
        assert_eq!(group["RetentionInDays"], "LogRetentionDays", "{id}");
    }
}

#[test]
fn every_function_is_watched_for_errors_throttles_and_slowness() {
    for (module, template) in stacks() {
        let deployed: BTreeSet<_> = functions(&template).into_iter().map(|(id, _)| id).collect();
        let is_waited_for = |id: &&str| !routes_to(&template, id).is_empty();
        for metric in ["Errors", "Throttles", "Duration"] {
            // Nobody waits for a consumer or a worker.
            let expected: BTreeSet<_> = match metric {
                "Duration" => deployed.iter().copied().filter(is_waited_for).collect(),
                _ => deployed.clone(),
            };
            let alarms = of_type(&template, "AWS::CloudWatch::Alarm").into_iter();
            let stats = alarms.filter_map(|(_, alarm)| alarm["Metrics"].as_array()).flatten();
            let watched: BTreeSet<_> = stats
                .map(|stat| &stat["MetricStat"]["Metric"])
                .filter(|watched| watched["MetricName"] == metric)
                .map(|watched| watched["Dimensions"][0]["Value"].as_str().unwrap())
                .collect();
            assert_eq!(watched, expected, "{}: {metric}", module.name);
        }
    }
}

#[test]
fn whoever_hashes_passwords_says_so_and_is_given_more_of_a_processor() {
    let hashing = slices().into_iter().filter(|slice| {
        let folder = slice.strip_prefix(root()).unwrap().to_str().unwrap();
        under(folder).iter().any(|source| source.code().contains("call.hash("))
    });
    let hashing: BTreeSet<String> =
        hashing.map(|slice| slice.file_name().unwrap().to_str().unwrap().replace('_', "-")).collect();
    let endpoints = grafono::modules().into_iter().flat_map(|module| module.endpoints);
    let declared: BTreeSet<String> = endpoints
        .filter(|endpoint| endpoint.policy.hashes_passwords)
        .map(|endpoint| endpoint.name.to_owned())
        .collect();
    assert!(hashing.len() >= 2 && hashing == declared, "{hashing:?} hash, {declared:?} say so");
    let mut larger = BTreeSet::new();
    for (_, template) in stacks() {
        let with_memory =
            functions(&template).into_iter().filter(|(_, function)| function["MemorySize"] == 1024);
        larger.extend(with_memory.map(|(_, function)| binary(function).to_owned()));
    }
    assert_eq!(larger, declared);
}
