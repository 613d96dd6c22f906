//! What a part needs of its surroundings, as constants: nothing of this is computed in a function.

use crate::settings::{Parameter, Setting};

/// What a part needs of its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Requirements {
    /// The settings that the part reads, and no others.
    pub settings: &'static [Setting],
    /// The parameters of the templates beside those of the settings.
    pub parameters: &'static [Parameter],
    /// What the function's role may do for the part, beside reading the secrets among its settings.
    pub permissions: &'static [Permission],
    /// The `event` of log lines with which the part's users ask for somebody: each sets off an alarm.
    pub alarm: Option<&'static str>,
}

impl Requirements {
    /// Nothing.
    pub const NONE: Self = Self { settings: &[], parameters: &[], permissions: &[], alarm: None };

    /// These settings alone.
    pub const fn settings(settings: &'static [Setting]) -> Self {
        Self { settings, ..Self::NONE }
    }

    /// With an alarm at each log line of that event.
    #[must_use]
    pub const fn alarm(self, event: &'static str) -> Self {
        Self { alarm: Some(event), ..self }
    }
}

/// A statement of a role: these actions, on these resources.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// The actions, e.g. `sqs:SendMessage`; no wildcards.
    pub actions: &'static [&'static str],
    /// The resources.
    pub resources: &'static [Resource],
    /// Where the permission is granted; everywhere, without a condition.
    pub only_if: Option<Condition>,
}

impl Permission {
    /// These actions on these resources.
    pub const fn to(actions: &'static [&'static str], resources: &'static [Resource]) -> Self {
        Self { actions, resources, only_if: None }
    }

    /// As the permission, where the condition holds.
    #[must_use]
    pub const fn only_if(self, condition: Condition) -> Self {
        Self { only_if: Some(condition), ..self }
    }
}

/// A resource of a permission.
#[derive(Debug, Clone, Copy)]
pub enum Resource {
    /// The ARN that this expression of `CloudFormation` gives; `{function}` stands for the beginning of the
    /// names of the function's resources.
    Arn(&'static str),
    /// The same, where the condition holds.
    ArnIf(Condition, &'static str),
    /// The queues of all consumers.
    ConsumerQueues,
}

/// A condition of the templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The parameter of that name is not empty.
    Given(&'static str),
    /// The parameter has that value.
    Is(&'static str, &'static str),
}
