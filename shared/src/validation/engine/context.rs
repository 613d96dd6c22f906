//! The context of a rule, beside the field that it judges.

use jiff::Timestamp;
use validator::{ValidateArgs, ValidationErrors};

/// The context of a schema's rules: none, or the instant of the request for a struct with
/// `#[validate(context = Timestamp)]` and rules with `use_context`.
pub trait Context<'v> {
    /// The context at the instant of the request.
    fn at(now: &'v Timestamp) -> Self;
}

impl Context<'_> for () {
    fn at(_now: &Timestamp) -> Self {}
}

impl<'v> Context<'v> for &'v Timestamp {
    fn at(now: &'v Timestamp) -> Self {
        now
    }
}

/// A schema with rules: every type that derives `Validate`, with a context or without.
pub trait Validated {
    /// Runs the rules.
    ///
    /// # Errors
    ///
    /// Every broken rule.
    fn validate(&self, now: Timestamp) -> Result<(), ValidationErrors>;
}

impl<T> Validated for T
where
    T: for<'v> ValidateArgs<'v, Args: Context<'v>>,
{
    fn validate(&self, now: Timestamp) -> Result<(), ValidationErrors> {
        self.validate_with_args(Context::at(&now))
    }
}
