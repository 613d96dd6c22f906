//! The payment provider: Stripe, by its HTTP API.
//!
//! | file | what |
//! |---|---|
//! | `part` | the settings |
//! | `asked` | what is asked: a payment's own data, and the requests that are made of them |
//! | `calls` | the calls: charge, fence, cancel, refund, read, list |
//! | `refund` | refunds: what is asked, and what the replies mean |
//! | `answer`, `action`, `fence`, `intent` | what the replies mean; pure decisions |
//! | `wire` | the JSON of replies, which nobody vouches for |
//! | `currency` | minor units, theirs and ours |
//! | `log_lines` | what the log is told of a call |
//!
//! A call is made once: whoever repeats it is the client or the sweeper. What a reply does not say beyond doubt is
//! [`Answer::Unknown`], and nobody was charged or spared by it.

mod action;
mod answer;
mod asked;
mod calls;
pub mod currency;
mod fence;
mod intent;
mod log_lines;
mod part;
mod refund;
mod wire;

pub use action::Action;
pub use answer::{Answer, told};
pub use asked::{Asked, Means};
pub use fence::Fence;
pub use intent::{Intent, Page, PaymentFailure, Status};
pub use refund::{MadeRefund, RefundAnswer, RefundAsked, RefundState};
pub(crate) use wire::{code, is_intent_id, is_object_id};

use http::HeaderValue;
use shared::external::ExternalCalls;
use shared::settings::SettingError;
use shared::validation::Secret;
use std::sync::Arc;

/// The payment provider.
pub struct Provider {
    url: String,
    /// None where payments are not set up.
    authorization: Option<HeaderValue>,
    deployment: String,
    external: Arc<ExternalCalls>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Provider")
    }
}

impl Provider {
    /// The provider at `url`, with that secret key. What it keeps of us carries the name of this deployment. Nothing is
    /// sent yet.
    pub fn at(
        url: &str,
        key: Option<&Secret>,
        deployment: &str,
        external: Arc<ExternalCalls>,
    ) -> Result<Self, SettingError> {
        let url = part::address(url)?;
        let authorization = key.map(part::authorization).transpose()?;
        Ok(Self { url, authorization, deployment: deployment.to_owned(), external })
    }

    /// Whether there is a key: without one nobody is charged, and nothing is sent.
    pub fn is_set_up(&self) -> bool {
        self.authorization.is_some()
    }

    /// The name of this deployment, as it stands in the metadata of what is ours.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }
}
