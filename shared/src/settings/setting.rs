//! A setting, said once: its key, its meaning, and how a deployment gives it. The reader at a function's start, the
//! templates and the table in `docs/operations.md` go by this.

use super::SettingError;
use std::borrow::Cow;

/// A setting of a function.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The variable with the setting's value.
    pub key: &'static str,
    /// For a secret: the variable with the ARN of a secret in AWS Secrets Manager, whose text is the value (C8).
    /// Exactly one of the two is given.
    pub arn_key: Option<&'static str>,
    /// The setting's meaning, in Markdown, for the table of settings.
    pub about: &'static str,
    /// Whether the setting must be given.
    pub need: Need,
    /// How a deployment gives it.
    pub given: Given,
    /// The form of its value, behind "must be", where no parameter says it.
    pub form: Option<&'static str>,
}

/// Whether a setting must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be given.
    Required,
    /// It need not be given.
    Optional,
    /// It must be given where the setting of that key has that value, and is not read elsewhere.
    With(&'static str, &'static str),
}

/// How a deployment gives a setting to a function.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// By a parameter of the templates.
    Parameter(Parameter),
    /// By the parameter with the secret of the function's database role.
    RoleSecret,
    /// By this expression of `CloudFormation`, in which `{function}` stands for the beginning of the names of the
    /// function's resources.
    Expression(&'static str),
    /// Not at all: the setting is for one machine and for tests.
    Nowhere,
}

/// A parameter of the templates.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name, e.g. `MailFrom`.
    pub name: &'static str,
    /// Its meaning, where it is not a setting's parameter.
    pub about: &'static str,
    /// Its value in a deployment that says nothing; without one, each deployment must say it.
    pub default: Option<&'static str>,
    /// The form of its values, which is checked before anything is changed.
    pub form: Form,
    /// Another parameter and its value with which this one must not be empty.
    pub needed_with: Option<(&'static str, &'static str)>,
}

/// The form of a parameter's values.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// The ARN of a secret; may be empty where the parameter has a default.
    SecretArn,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text that matches the pattern; the second text says which texts do, after "must be".
    Matches(&'static str, &'static str),
}

impl Setting {
    /// A setting that must be given, by an expression or a parameter that is still to be said.
    pub const fn required(key: &'static str, about: &'static str) -> Self {
        Self { key, arn_key: None, about, need: Need::Required, given: Given::Nowhere, form: None }
    }

    /// A setting that need not be given.
    pub const fn optional(key: &'static str, about: &'static str) -> Self {
        Self { need: Need::Optional, ..Self::required(key, about) }
    }

    /// As the setting, with the form of its value, behind "must be".
    #[must_use]
    pub const fn form(self, form: &'static str) -> Self {
        Self { form: Some(form), ..self }
    }

    /// The form of its value, for whoever gave another: its own words, or those of its parameter.
    fn expected(&self) -> Option<Cow<'static, str>> {
        let of_parameter = match self.given {
            Given::Parameter(Parameter { form: Form::OneOf(words), .. }) => Some(either(words)),
            Given::Parameter(Parameter { form: Form::Matches(_, words), .. }) => Some(words.into()),
            _ => None,
        };
        self.form.map(Cow::from).or(of_parameter)
    }

    /// The error of a value, with the form that it should have had.
    pub fn explained(&self, error: SettingError) -> SettingError {
        match (error, self.expected()) {
            (SettingError::Malformed, Some(form)) => SettingError::Expected(form),
            (error, _) => error,
        }
    }

    /// As the setting, but a secret: its value may be the text of the secret that the variable `arn_key` names.
    #[must_use]
    pub const fn secret(self, arn_key: &'static str) -> Self {
        Self { arn_key: Some(arn_key), ..self }
    }

    /// As the setting, but read only where the setting of `key` has that value, and required there.
    #[must_use]
    pub const fn only_with(self, key: &'static str, value: &'static str) -> Self {
        Self { need: Need::With(key, value), ..self }
    }

    /// As the setting, given in this way.
    #[must_use]
    pub const fn by(self, given: Given) -> Self {
        Self { given, ..self }
    }

    /// As the setting, given by this parameter.
    #[must_use]
    pub const fn parameter(self, parameter: Parameter) -> Self {
        self.by(Given::Parameter(parameter))
    }
}

impl Parameter {
    /// A parameter that each deployment says, of that form.
    pub const fn new(name: &'static str, form: Form) -> Self {
        Self { name, about: "", default: None, form, needed_with: None }
    }

    /// As the parameter, with this value where a deployment says nothing.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// As the parameter, but not empty where another parameter has that value.
    #[must_use]
    pub const fn needed_with(self, parameter: &'static str, value: &'static str) -> Self {
        Self { needed_with: Some((parameter, value)), ..self }
    }

    /// As the parameter, with its meaning, for one that is no setting's.
    #[must_use]
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

/// The words in a sentence: `a, b or c`.
fn either(words: &[&str]) -> Cow<'static, str> {
    match words {
        [] => "".into(),
        [only] => (*only).to_owned().into(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")).into(),
    }
}

/// Whether one of the settings is a secret, for a constant: a function without secrets is built without their store.
pub const fn any_secret(settings: &[Setting]) -> bool {
    let mut rest = settings;
    while let [first, others @ ..] = rest {
        if first.arn_key.is_some() {
            return true;
        }
        rest = others;
    }
    false
}
