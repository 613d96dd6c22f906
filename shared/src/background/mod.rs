//! What happens after a reply: [`Consumer`]s take the events of a change, [`Worker`]s go by the clock, [`jobs`] are
//! queued work that somebody waits for, and [`request_mail`] requests a mail in the transaction of the change.

pub mod consumer;
mod in_process;
pub mod jobs;
mod log_lines;
mod mail_request;
pub mod sweep;
pub mod worker;

pub use consumer::{ATTEMPTS, Attempt, Consumer, ConsumerDeclaration, Delivery, Halt, OpenConsumer};
pub use in_process::InProcess;
pub use mail_request::{MailRequest, request_mail, request_mail_of};
pub use worker::{OpenWorker, Progress, Worker, WorkerDeclaration, WorkerRun};
