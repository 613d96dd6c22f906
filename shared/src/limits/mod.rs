//! Limits of requests (C7): how much an address, a member or an account is admitted, by rules that endpoints name.
//!
//! - **Ordinary requests** are admitted on credit, and a store is told beside the work (`ordinary.rs`): no round trip more. The
//!   store is Redis where there is one, and else the database; a Redis that does not answer costs a request 5 ms, five times
//!   in five seconds at most, and the database counts meanwhile.
//! - **Strict rules** (`strict.rs`) are asked of the database before the work, and nothing is done when nobody answers.
//! - **Endpoints without a database** keep a quarter of a bucket in each instance where there is no Redis.
//! - **Headers** say how much is admitted and what is left (draft-ietf-httpapi-ratelimit-headers-10).

mod call;
mod left_over;
mod limiter;
mod memory;
mod ordinary;
mod rule;
mod shown;
mod strict;

pub use call::CallLimits;
pub use left_over::LeftOver;
pub use limiter::Limiter;
pub use rule::{ADDRESS, Bucket, Of, Rule};
pub use shown::VIOLATED;
pub use strict::Asked;
