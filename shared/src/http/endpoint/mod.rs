//! The endpoint contract: one type that declares, once, everything the outside must know.
//!
//! The local server, the Lambda entry, the generated files under `functions/platform`, the authorisation matrix and
//! the round-trip budgets all read this declaration. Nothing is registered twice by hand.

mod call;
mod declaration;
mod policy;

pub use call::{Call, Sample};
pub use declaration::Declaration;
pub use policy::{Access, BODY_LIMIT, Idempotency, Policy, RateClass, RequestHeader};

use crate::database::Statement;
use crate::failure::{Error, Failure};
use crate::http::{Answer, Input, Route, Success};

/// An endpoint.
pub trait Endpoint: 'static {
    /// The name of its binary, e.g. `create-patient`; unique in the workspace.
    const NAME: &'static str;
    /// Its method and path.
    const ROUTE: Route;
    /// What it asks and promises.
    const POLICY: Policy;
    /// What it does, in one line for those who call it.
    const SUMMARY: &'static str;
    /// What the line leaves out, in `CommonMark`; empty when nothing.
    const DESCRIPTION: &'static str = "";
    /// What it answers when it succeeds, beside the data.
    const SUCCESS: Success = Success::ok();
    /// What it takes.
    type Input: Input;
    /// What it answers.
    type Output: Answer;
    /// How it fails in ways of its own.
    type Failure: Failure;

    /// Every statement it may send, with parameters as production sends them: the checks prepare and explain them.
    /// Those of `shared` (claim, audit, probe) are listed once, in `module::statements`.
    fn statements(_sample: &Sample<'_>) -> Vec<Statement<()>> {
        Vec::new()
    }

    /// Does what the endpoint is for. Called when everything the declaration asks for holds.
    fn handle(
        call: &Call<'_>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Error<Self::Failure>>> + Send;
}
