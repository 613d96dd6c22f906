//! `template.yaml`: the HTTP API, and one nested stack a module.

use super::Stack;
use super::expressions::{fit, quoted};
use super::function::{database_secret, pascal_case};
use askama::Template;
use shared::settings::{Form, Parameter};

/// The root template.
#[derive(Template)]
#[template(path = "root.yaml", escape = "none")]
pub(super) struct Root {
    /// The parameters of database roles and parts, each once.
    parameters: Vec<RootParameter>,
    /// Parameters that another one's value asks for.
    rules: Vec<Rule>,
    stacks: Vec<Nested>,
    /// The parameters that every stack has.
    common: Vec<&'static str>,
}

/// One parameter, as its lines.
struct RootParameter {
    name: String,
    description: String,
    default: Option<String>,
    lines: Vec<(&'static str, String)>,
}

/// A parameter that must not be empty with a value of another.
struct Rule {
    parameter: &'static str,
    asked_by: &'static str,
    value: &'static str,
}

/// A module's nested stack.
struct Nested {
    id: String,
    module: &'static str,
    /// Its parameters beside those of every stack: the name there, and the name here.
    parameters: Vec<(String, String)>,
}

impl Root {
    pub(super) fn of(stacks: &[Stack]) -> Self {
        let of_roles = stacks.iter().flat_map(|stack| {
            let own = stack.has_database.then_some(stack.module).into_iter();
            own.chain(stack.worker_secrets.iter().map(|(_, role)| *role))
        });
        let mut parameters: Vec<_> = of_roles.map(RootParameter::of_role).collect();
        let mut rules = Vec::new();
        let of_parts = stacks.iter().flat_map(|stack| stack.parameters.iter().copied());
        for (parameter, key) in of_parts.chain(super::common()) {
            if parameters.iter().any(|known| known.name == parameter.name) {
                continue;
            }
            parameters.push(RootParameter::of(&parameter, key));
            rules.extend(parameter.needed_with.map(|(asked_by, value)| Rule {
                parameter: parameter.name,
                asked_by,
                value,
            }));
        }
        let common = super::common().map(|(parameter, _)| parameter.name).collect();
        Self { parameters, rules, stacks: stacks.iter().map(Nested::of).collect(), common }
    }
}

impl RootParameter {
    fn of(parameter: &Parameter, key: &str) -> Self {
        let about = match parameter.form {
            Form::SecretArn => format!("The secret with {key}: {}", parameter.about),
            Form::OneOf(_) | Form::Matches(..) => capital(parameter.about),
        };
        Self {
            name: parameter.name.to_owned(),
            description: quoted(&about),
            default: parameter.default.map(quoted),
            lines: fit(parameter),
        }
    }

    fn of_role(role: &'static str) -> Self {
        let about = format!("The secret with the pooler's address for the database role {role}");
        let secret = Parameter::new("", Form::SecretArn);
        Self { name: database_secret(role), description: quoted(&about), default: None, lines: fit(&secret) }
    }
}

impl Nested {
    fn of(stack: &Stack) -> Self {
        let own = stack.has_database.then(|| ("DatabaseSecretArn".to_owned(), database_secret(stack.module)));
        let workers = stack.worker_secrets.iter().map(|(name, _)| (name.clone(), name.clone()));
        let others = stack.parameters.iter().map(|(it, _)| (it.name.to_owned(), it.name.to_owned()));
        Self {
            id: pascal_case(stack.module),
            module: stack.module,
            parameters: own.into_iter().chain(workers).chain(others).collect(),
        }
    }
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    first.to_uppercase() + rest
}
