//! Limits of requests (C7): how much an address, a member or an account is admitted, by rules that endpoints name.
//!
//! - **Buckets** ([`Bucket`]) stand in Redis where there is one, and else in the database ([`crate::database::take`]); a Redis
//!   that does not answer costs an ordinary request 5 ms and one under a strict rule 50 ms, five times in five seconds at
//!   most, and the database counts meanwhile.
//! - **Ordinary requests** are admitted on credit, and the store is told beside the work ([`memory`]): no round trip more.
//! - **Strict rules** are asked before the work, and nothing is done when nobody answers.
//! - **Endpoints without a database** keep a quarter of a bucket in each instance where there is no Redis.
//! - **Headers** say how much is admitted and what is left (draft-ietf-httpapi-ratelimit-headers-10).

mod call;
mod left_over;
mod limiter;
mod memory;
mod rule;
mod shown;
mod strict;

pub use call::CallLimits;
pub use left_over::LeftOver;
pub use limiter::{Limiter, Patience};
pub use rule::{ADDRESS, Bucket, Of, Rule};
pub use shown::VIOLATED;
pub use strict::Asked;
