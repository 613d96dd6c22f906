//! The endpoint's declaration: one type that says, once, everything that the outside must know.
//!
//! The local server, the Lambda entry, the generated files under `functions/platform`, the authorisation matrix and
//! the round-trip budgets all read this declaration. Nothing is registered twice by hand.

mod call;
mod declaration;
mod opened;
mod policy;
mod terms;

pub use call::Call;
pub use declaration::Declaration;
pub use opened::OpenEndpoint;
pub use policy::{BODY_LIMIT, Policy};
pub use terms::{Access, Audited, Idempotency, RateClass, RequestHeader};

use crate::failure::{Error, Failure};
use crate::http::{Answer, Input, Route, Success};
use crate::parts::Parts;

/// An endpoint.
pub trait Endpoint: 'static {
    /// The name of the endpoint's binary, e.g. `create-patient`; unique in the workspace.
    const NAME: &'static str;
    /// The method and path.
    const ROUTE: Route;
    /// The policy.
    const POLICY: Policy;
    /// The endpoint's task, in one line for callers.
    const SUMMARY: &'static str;
    /// Further details, in `CommonMark`; may be empty.
    const DESCRIPTION: &'static str = "";
    /// The success, beside the data.
    const SUCCESS: Success = Success::ok();
    /// The parts that the handler uses, beside what every function has; often none.
    type Parts: Parts;
    /// The input.
    type Input: Input;
    /// The answer.
    type Output: Answer;
    /// The endpoint's own failures.
    type Failure: Failure;

    /// Handles a request that has passed every step of the declaration.
    fn handle(
        call: &Call<'_, Self::Parts>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Error<Self::Failure>>> + Send;
}
