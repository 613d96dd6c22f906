//! What a rule may know beside the field it judges.

use jiff::Timestamp;
use validator::{ValidateArgs, ValidationErrors};

/// What the rules of a schema are given: nothing, or the instant of the request where a struct says
/// `#[validate(context = Timestamp)]` and a rule of it `use_context`.
pub trait Context<'v> {
    /// Made of the instant of the request.
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

/// A schema with rules. Implemented by what derives `Validate`, with a context or without.
pub trait Validated {
    /// Runs the rules.
    ///
    /// # Errors
    ///
    /// Every rule that is broken.
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
