//! Where the relay sends events: SQS on AWS, straight to the consumers on one machine.

mod in_process;
mod nudge;
mod sqs;

pub use in_process::InProcess;
pub use nudge::SqsNudge;
pub use sqs::Sqs;
