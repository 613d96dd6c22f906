//! Where the relay sends events: SQS on AWS, straight to the consumers on one machine. And where what a mail provider
//! tells is taken from.

mod in_process;
mod notices;
mod nudge;
mod sqs;

pub use in_process::InProcess;
pub use notices::{BATCH, Notice, Notices};
pub use nudge::SqsNudge;
pub use sqs::Sqs;
