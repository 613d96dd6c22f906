//! The context of a rule, beside the field that it judges.

use jiff::Timestamp;
use uuid::Uuid;
use validator::{ValidateArgs, ValidationErrors};

/// What rules may go by beside the field that they judge.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// The instant of the request.
    pub now: Timestamp,
    /// `{id}` of the path, where there is one and it is an id.
    pub id: Option<Uuid>,
}

/// The context of a schema's rules: none; the instant of the request for a struct with `#[validate(context = Timestamp)]`
/// and rules with `use_context`; or with `#[validate(context = Surroundings)]` everything that there is.
pub trait Context<'v> {
    /// The context in these surroundings.
    fn within(surroundings: &'v Surroundings) -> Self;
}

impl Context<'_> for () {
    fn within(_surroundings: &Surroundings) -> Self {}
}

impl<'v> Context<'v> for &'v Timestamp {
    fn within(surroundings: &'v Surroundings) -> Self {
        &surroundings.now
    }
}

impl<'v> Context<'v> for &'v Surroundings {
    fn within(surroundings: &'v Surroundings) -> Self {
        surroundings
    }
}

/// A schema with rules: every type that derives `Validate`, with a context or without.
pub trait Validated {
    /// Runs the rules.
    ///
    /// # Errors
    ///
    /// Every broken rule.
    fn validate(&self, surroundings: &Surroundings) -> Result<(), ValidationErrors>;
}

impl<T> Validated for T
where
    T: for<'v> ValidateArgs<'v, Args: Context<'v>>,
{
    fn validate(&self, surroundings: &Surroundings) -> Result<(), ValidationErrors> {
        self.validate_with_args(Context::within(surroundings))
    }
}
