//! What a deployed function may do: its own log, its own secrets, and nothing else (C10).

use crate::queues::arn as queue_arn;
use crate::templates::{
    Deployed, Resource as Template, binary, declared, functions, of_type, stacks, template,
};
use grafono::generate::root;
use regex::Regex;
use serde_json::{Value, json};
use shared::parts::{Condition, Resource};
use shared::settings::{Given, Setting};
use std::collections::{BTreeMap, BTreeSet};

/// Actions that are granted on everything, and why.
const UNCONFINED: [(&str, &str); 2] = [
    ("xray:PutTraceSegments", "X-Ray knows no resources for it"),
    ("xray:PutTelemetryRecords", "X-Ray knows no resources for it"),
];

/// One value, or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => {
            all.iter().map(|one| one.as_str().unwrap_or_else(|| chosen(one).as_str().unwrap())).collect()
        }
        one => vec![one.as_str().unwrap()],
    }
}

/// What stands in a condition when it holds, with nothing for when it does not.
fn chosen(conditional: &Value) -> &Value {
    assert_eq!(conditional[2], "AWS::NoValue", "{conditional}");
    &conditional[1]
}

/// All that a role may do, whichever conditions hold.
pub(crate) fn statements(role: &Value) -> Vec<&Value> {
    let policies = role["Policies"].as_array().unwrap().iter();
    let all = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    all.map(|statement| if statement.is_array() { chosen(statement) } else { statement }).collect()
}

/// A function's role, which no other function has.
pub(crate) fn role_of<'a>(template: &'a Value, function: Template<'_>) -> &'a Value {
    let role = function.1["Role"].as_str().unwrap();
    let sharing = functions(template).into_iter().filter(|(_, other)| other["Role"] == role);
    assert_eq!(sharing.count(), 1, "{role} is shared");
    let roles = of_type(template, "AWS::IAM::Role").into_iter();
    let mut own = roles.filter(|(id, _)| format!("{id}.Arn") == role);
    own.next().unwrap().1
}

/// Whether a resource has no wildcard, but for the files of one bucket.
fn is_confined(resource: &str) -> bool {
    let bucket = resource.strip_suffix("/*").filter(|bucket| bucket.contains(":s3:::${"));
    !bucket.unwrap_or(resource).contains('*')
}

#[test]
fn a_wildcard_is_everything_but_for_the_files_of_one_bucket() {
    for resource in ["arn:a:s3:::${FilesBucket}/*", "arn:a:sqs:${B}:c"] {
        assert!(is_confined(resource), "{resource}");
    }
    for resource in
        ["*", "arn:a:s3:::*", "arn:a:s3:::*/*", "arn:a:s3:::${FilesBucket}*", "arn:a:sqs:${B}:c/*"]
    {
        assert!(!is_confined(resource), "{resource}");
    }
}

#[test]
fn no_action_and_no_resource_is_a_wildcard_but_those_listed() {
    let mut unused: Vec<_> = UNCONFINED.iter().map(|(action, _)| *action).collect();
    let mut templates: Vec<_> = stacks().into_iter().map(|(_, template)| template).collect();
    templates.push(template("template.yaml"));
    for template in &templates {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let kind = resource["Type"].as_str().unwrap();
            let elsewhere = kind.starts_with("AWS::IAM::") && kind != "AWS::IAM::Role";
            let granted = resource["Properties"].get("Policies").is_some() && kind != "AWS::IAM::Role";
            assert!(!elsewhere && !granted, "{id} grants something beside a role");
        }
        for (id, role) in of_type(template, "AWS::IAM::Role") {
            assert!(role.get("ManagedPolicyArns").is_none(), "{id} has a policy that is not written here");
            for statement in statements(role) {
                let everywhere = !texts(&statement["Resource"]).into_iter().all(is_confined);
                for action in texts(&statement["Action"]) {
                    assert!(!action.contains('*'), "{id}: {action}");
                    let listed = UNCONFINED.iter().any(|(listed, _)| *listed == action);
                    assert!(!everywhere || listed, "{id}: {action} on everything");
                    unused.retain(|listed| *listed != action);
                }
            }
        }
    }
    assert!(unused.is_empty(), "listed, but nobody has it: {unused:?}");
}

/// A right: an action on a resource, and the condition under which it is granted, if there is one.
type Right = (String, String, Option<String>);

/// The text of a resource as a template without tags has it.
fn untagged(expression: &str, function: &str) -> String {
    let (_, text) = expression.split_once(' ').unwrap();
    text.replace("{function}", function)
}

fn name_of(condition: Condition) -> String {
    match condition {
        Condition::Given(parameter) => format!("Has{parameter}"),
        Condition::Is(parameter, value) => {
            format!("{parameter}Is{}{}", value[..1].to_uppercase(), &value[1..])
        }
    }
}

/// What the parts of a function ask for, and what the kind of the function brings: its log, traces, a consumer's queue.
fn asked(id: &str, deployed: &Deployed, log_group: &str, is_consumer: bool) -> BTreeSet<Right> {
    let right = |action: &str, resource: String, condition| (action.to_owned(), resource, condition);
    let mut all = BTreeSet::from([
        right("logs:CreateLogStream", format!("{log_group}.Arn"), None),
        right("logs:PutLogEvents", format!("{log_group}.Arn"), None),
        right("xray:PutTraceSegments", "*".to_owned(), None),
        right("xray:PutTelemetryRecords", "*".to_owned(), None),
    ]);
    if is_consumer {
        let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
        all.extend(actions.map(|action| right(action, format!("{id}Queue.Arn"), None)));
    }
    for setting in deployed.settings().filter(|setting| setting.arn_key.is_some()) {
        let (secret, condition) = match setting.given {
            Given::Parameter(parameter) if parameter.default == Some("") => {
                (parameter.name, Some(name_of(Condition::Given(parameter.name))))
            }
            Given::Parameter(parameter) => (parameter.name, None),
            Given::RoleSecret => (deployed.secret.as_str(), None),
            Given::Expression(_) | Given::Nowhere => continue,
        };
        all.insert(right("secretsmanager:GetSecretValue", secret.to_owned(), condition));
    }
    for permission in deployed.requirements.iter().flat_map(|(_, needed)| needed.permissions) {
        let outer = permission.only_if.map(name_of);
        for resource in permission.resources {
            let resources = match resource {
                Resource::Arn(arn) => vec![(untagged(arn, id), outer.clone())],
                Resource::ArnIf(condition, arn) => vec![(untagged(arn, id), Some(name_of(*condition)))],
                Resource::ConsumerQueues => {
                    let consumers = grafono::modules().into_iter().flat_map(|module| module.consumers);
                    consumers.map(|consumer| (queue_arn(&format!("{}.fifo", consumer.name)), None)).collect()
                }
            };
            for (resource, condition) in resources {
                all.extend(
                    permission.actions.iter().map(|it| right(it, resource.clone(), condition.clone())),
                );
            }
        }
    }
    all
}

/// What a function's role may do.
fn granted(role: &Value) -> BTreeSet<Right> {
    let conditional = |value: &Value| {
        let condition = value.is_array().then(|| value[0].as_str().unwrap().to_owned());
        (if value.is_array() { chosen(value).clone() } else { value.clone() }, condition)
    };
    let mut all = BTreeSet::new();
    for policy in role["Policies"].as_array().unwrap() {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            let (statement, outer) = conditional(statement);
            assert_eq!(statement["Effect"], "Allow", "{statement}");
            let resources = match &statement["Resource"] {
                Value::Array(all) => all.clone(),
                one => vec![one.clone()],
            };
            for resource in resources {
                let (resource, inner) = conditional(&resource);
                for action in texts(&statement["Action"]) {
                    let resource = resource.as_str().unwrap().to_owned();
                    all.insert((action.to_owned(), resource, inner.clone().or_else(|| outer.clone())));
                }
            }
        }
    }
    all
}

/// The expression behind a tag, as a template without tags has it.
fn given_as(setting: &Setting, deployed: &Deployed, id: &str) -> Option<String> {
    match setting.given {
        Given::Parameter(parameter) => Some(parameter.name.to_owned()),
        Given::RoleSecret => Some(deployed.secret.clone()),
        Given::Expression(expression) => Some(untagged(expression, id)),
        Given::Nowhere => None,
    }
}

#[test]
fn a_function_may_do_and_is_given_what_its_parts_ask_for_neither_too_much_nor_too_little() {
    let mut rights = 0;
    for (module, template) in stacks() {
        let declared = declared(&module);
        for (id, function) in functions(&template) {
            let deployed = declared.iter().find(|deployed| deployed.name == binary(function)).unwrap();
            let is_consumer = module.consumers.iter().any(|consumer| consumer.name == deployed.name);
            let group = function["LoggingConfig"]["LogGroup"].as_str().unwrap();
            let asked = asked(id, deployed, group, is_consumer);
            rights += asked.len();
            assert_eq!(granted(role_of(&template, (id, function))), asked, "{}: {id}", module.name);

            let expected: BTreeMap<&str, String> = deployed
                .settings()
                .filter_map(|it| Some((it.arn_key.unwrap_or(it.key), given_as(it, deployed, id)?)))
                .collect();
            let none = serde_json::Map::new();
            let given = function["Environment"]["Variables"].as_object().unwrap_or(&none);
            let given: BTreeMap<&str, String> =
                given.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap().to_owned())).collect();
            assert_eq!(given, expected, "{}: {id}", module.name);
        }
    }
    assert!(rights > 200, "{rights}");
}

#[test]
fn every_condition_that_a_template_uses_is_what_its_name_says() {
    for (module, template) in stacks() {
        let Some(conditions) = template["Conditions"].as_object() else { continue };
        for (name, expression) in conditions {
            let expected = match name.split_once("Is") {
                Some((parameter, value)) => json!([parameter, value.to_lowercase()]),
                None => json!([[name.strip_prefix("Has").unwrap(), ""]]),
            };
            assert_eq!(*expression, expected, "{}: {name}", module.name);
        }
    }
}

/// What functions may do beyond their log and traces, and with which secret, by the name of each: the list that a person
/// reads. It says what is, and not what a part declares.
#[test]
fn only_these_send_mail_sign_tokens_and_send_to_every_queue() {
    let mut found =
        BTreeMap::from([("ses:SendEmail", vec![]), ("TokenSecretKeySecretArn", vec![]), (".fifo", vec![])]);
    for (_, template) in stacks() {
        for (id, function) in functions(&template) {
            let role = role_of(&template, (id, function)).to_string();
            for (what, who) in &mut found {
                if role.contains(what) {
                    who.push(id.to_owned());
                }
            }
        }
    }
    let expected = BTreeMap::from([
        ("ses:SendEmail", vec!["SendMail".to_owned()]),
        (
            "TokenSecretKeySecretArn",
            ["AcceptInvitation", "CreateClinic", "Login", "Refresh"].map(str::to_owned).to_vec(),
        ),
        (".fifo", vec!["OutboxRelay".to_owned()]),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_transport_without_what_it_needs_is_refused_before_anything_is_changed() {
    let root = template("template.yaml");
    for (transport, needed) in [("ses", "MailDomain"), ("sendgrid", "SendgridApiKeySecretArn")] {
        let mut rules = root["Rules"].as_object().unwrap().values();
        let rule = rules.find(|rule| rule["RuleCondition"] == json!(["MailTransport", transport])).unwrap();
        assert_eq!(rule["Assertions"][0]["Assert"], json!([[needed, ""]]), "{transport}");
        assert_eq!(root["Parameters"][needed]["Default"], "", "the other transport does without {needed}");
    }
    let known = root["Parameters"]["MailTransport"]["AllowedValues"].as_array().unwrap();
    assert_eq!(root["Rules"].as_object().unwrap().len(), known.len());
}

#[test]
fn every_environment_sets_every_parameter_and_what_is_still_to_be_set_is_refused() {
    let parameters = template("template.yaml")["Parameters"].clone();
    let required = parameters.as_object().unwrap().iter();
    let required: Vec<_> = required.filter(|(_, parameter)| parameter.get("Default").is_none()).collect();
    assert!(required.len() >= 4);
    let settings = std::fs::read_to_string(root().join("samconfig.toml")).unwrap();
    for environment in ["dev", "staging", "production"] {
        let section = settings.split(&format!("[{environment}.deploy.parameters]")).nth(1).unwrap();
        let section = section.split("\n[").next().unwrap();
        assert!(section.contains(&format!("\"Environment={environment}\"")));
        for (name, parameter) in &required {
            assert!(section.contains(&format!("\"{name}=")), "{environment} does not set {name}");
            let Some(pattern) = parameter["AllowedPattern"].as_str() else { continue };
            assert!(!Regex::new(pattern).unwrap().is_match("SET-ME"), "{name} takes what is no value");
        }
    }
}

#[test]
fn a_real_value_is_taken() {
    let parameters = template("template.yaml")["Parameters"].clone();
    let secret = "arn:aws:secretsmanager:sa-east-1:123456789012:secret:grafono/production/billing-a1B2c3";
    let key = format!("k4.public.{}", "A".repeat(43));
    let shown = &testkit::SendgridKey::default().shown();
    for (name, value) in [
        ("BillingDatabaseSecretArn", secret),
        ("TokenPublicKeys", &format!("{key},{key}")),
        ("CorsAllowedOrigins", "https://app.example.com,https://desk.example.com"),
        ("CorsAllowedOrigins", ""),
        ("OtlpEndpoint", "http://localhost:4318"),
        ("OtlpEndpoint", ""),
        ("PublicUrl", "https://app.example.com"),
        ("PublicUrl", "https://app.example.com:8443/clinic/"),
        ("MailFrom", "no-reply@example.com"),
        ("MailFrom", "A name <no-reply@example.com>"),
        ("MailDomain", "mail.example.com"),
        ("MailDomain", ""),
        ("SesConfigurationSet", "grafono-production"),
        ("SesConfigurationSet", ""),
        ("MailNoticesTopicArn", "arn:aws:sns:sa-east-1:123456789012:mail"),
        ("MailNoticesTopicArn", ""),
        ("SendgridApiKeySecretArn", secret),
        ("SendgridApiKeySecretArn", ""),
        ("SendgridWebhookPublicKey", shown),
        ("SendgridWebhookPublicKey", ""),
        ("AlarmTopicArn", "arn:aws:sns:sa-east-1:123456789012:alarms"),
        ("AlarmTopicArn", ""),
    ] {
        let pattern = parameters[name]["AllowedPattern"].as_str().unwrap();
        assert!(Regex::new(pattern).unwrap().is_match(value), "{name} refuses {value}");
    }
}
