//! Settings, parameters and permissions of parts, as `CloudFormation` writes them.

use shared::parts::{Condition, Permission, Requirements, Resource};
use shared::settings::{Form, Given, Parameter, Setting};

/// What a secret's ARN looks like, the six characters at its end included.
const SECRET_ARN: &str =
    "arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}";

/// The variable that gives a function the setting: its key and an expression; none where nothing gives it.
pub(super) fn variable(
    setting: &Setting,
    function: &str,
    role_secret: &str,
) -> Option<(&'static str, String)> {
    let key = setting.arn_key.unwrap_or(setting.key);
    match setting.given {
        Given::Parameter(parameter) => Some((key, format!("!Ref {}", parameter.name))),
        Given::RoleSecret => Some((key, format!("!Ref {role_secret}"))),
        Given::Expression(expression) => Some((key, expression.replace("{function}", function))),
        Given::Nowhere => None,
    }
}

/// The secret that a function may read for the setting, if the setting is one.
pub(super) fn secret(setting: &Setting, role_secret: &str) -> Option<String> {
    setting.arn_key?;
    match setting.given {
        Given::Parameter(Parameter { name, default: None, .. }) => Some(format!("!Ref {name}")),
        Given::Parameter(Parameter { name, .. }) => {
            Some(format!("!If [{}, !Ref {name}, !Ref AWS::NoValue]", condition_name(Condition::Given(name))))
        }
        Given::RoleSecret => Some(format!("!Ref {role_secret}")),
        Given::Expression(_) | Given::Nowhere => None,
    }
}

/// The parameters of parts, each once, with the key of its setting, if it has one.
pub(super) fn parameters<'a>(
    all: impl Iterator<Item = &'a (&'static str, Requirements)>,
) -> Vec<(Parameter, &'static str)> {
    let mut found: Vec<(Parameter, &'static str)> = Vec::new();
    for (_, needed) in all {
        let of_settings = needed.settings.iter().filter_map(of_setting);
        for (parameter, key) in of_settings.chain(needed.parameters.iter().map(|parameter| (*parameter, "")))
        {
            if !found.iter().any(|(known, _)| known.name == parameter.name) {
                found.push((parameter, key));
            }
        }
    }
    found
}

/// The parameter that gives the setting, with what the parameter means where the setting says it.
pub(super) fn of_setting(setting: &Setting) -> Option<(Parameter, &'static str)> {
    let Given::Parameter(parameter) = setting.given else { return None };
    let about = if parameter.about.is_empty() { setting.about } else { parameter.about };
    Some((Parameter { about, ..parameter }, setting.key))
}

/// The conditions that parts' secrets and permissions depend on, each once: name and expression.
pub(super) fn conditions<'a>(
    all: impl Iterator<Item = &'a (&'static str, Requirements)>,
) -> Vec<(String, String)> {
    let mut found: Vec<Condition> = Vec::new();
    for (_, needed) in all {
        let secrets =
            needed.settings.iter().filter(|setting| setting.arn_key.is_some()).filter_map(of_setting);
        let may_be_empty = secrets.filter(|(parameter, _)| parameter.default == Some(""));
        found.extend(may_be_empty.map(|(parameter, _)| Condition::Given(parameter.name)));
        for permission in needed.permissions {
            found.extend(permission.only_if);
            found.extend(permission.resources.iter().filter_map(|resource| match resource {
                Resource::ArnIf(condition, _) => Some(*condition),
                Resource::Arn(_) | Resource::ConsumerQueues => None,
            }));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|condition| (condition_name(condition), condition_expression(condition))).collect()
}

/// E.g. `HasRedisUrlSecretArn`, `MailTransportIsSes`.
fn condition_name(condition: Condition) -> String {
    match condition {
        Condition::Given(parameter) => format!("Has{parameter}"),
        Condition::Is(parameter, value) => format!("{parameter}Is{}", super::function::pascal_case(value)),
    }
}

/// The condition as an expression.
fn condition_expression(condition: Condition) -> String {
    match condition {
        Condition::Given(parameter) => format!("!Not [!Equals [!Ref {parameter}, \"\"]]"),
        Condition::Is(parameter, value) => format!("!Equals [!Ref {parameter}, {value}]"),
    }
}

/// One statement of a role.
pub(super) struct Statement {
    pub(super) actions: String,
    pub(super) resources: Vec<Target>,
    /// The name of the condition under which it is granted.
    pub(super) only_if: Option<String>,
}

/// What a statement is about.
pub(super) enum Target {
    /// One resource, as an expression.
    One(String),
    /// The queues of all consumers.
    ConsumerQueues,
}

impl Statement {
    pub(super) fn of(permission: &Permission, function: &str) -> Self {
        let target = |resource: &Resource| match resource {
            Resource::Arn(arn) => Target::One(arn.replace("{function}", function)),
            Resource::ArnIf(condition, arn) => {
                let condition = condition_name(*condition);
                let arn = block(&arn.replace("{function}", function));
                Target::One(format!("!If [{condition}, {arn}, !Ref AWS::NoValue]"))
            }
            Resource::ConsumerQueues => Target::ConsumerQueues,
        };
        Self {
            actions: permission.actions.join(", "),
            resources: permission.resources.iter().map(target).collect(),
            only_if: permission.only_if.map(condition_name),
        }
    }
}

/// An expression within a list in one line: its text in quotes, because of its braces.
fn block(expression: &str) -> String {
    match expression.split_once(' ') {
        Some((tag, text)) => format!("{tag} \"{text}\""),
        None => expression.to_owned(),
    }
}

/// A parameter's form, as lines of its declaration.
pub(super) fn fit(parameter: &Parameter) -> Vec<(&'static str, String)> {
    let may_be_empty = parameter.default == Some("");
    match parameter.form {
        Form::OneOf(words) => vec![("AllowedValues", format!("[{}]", words.join(", ")))],
        Form::Matches(pattern, says) => vec![
            ("AllowedPattern", quoted(pattern)),
            ("ConstraintDescription", quoted(&format!("must be {says}"))),
        ],
        Form::SecretArn => {
            let pattern = if may_be_empty { format!("^({SECRET_ARN})?$") } else { format!("^{SECRET_ARN}$") };
            let or_empty = if may_be_empty { ", or empty" } else { "" };
            let says =
                format!("must be the whole ARN of a secret, with the six characters at its end{or_empty}");
            vec![("AllowedPattern", quoted(&pattern)), ("ConstraintDescription", quoted(&says))]
        }
    }
}

/// A text as YAML and JSON quote it. `CloudFormation` shows ASCII alone, and no Markdown.
pub(super) fn quoted(text: &str) -> String {
    let plain = text.replace('\u{2026}', "...").replace('`', "");
    serde_json::Value::from(plain).to_string()
}
