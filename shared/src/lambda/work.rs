//! The Lambda entry of a worker, called by the one line of its `main.rs`. Any event means: work.

use super::{start, time_left_of};
use crate::background::{Worker, WorkerDeclaration};
use crate::parts::OpenStore;
use crate::telemetry;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a worker as a Lambda function, until Lambda ends the process.
pub fn work<W: Worker>() -> ExitCode {
    let declaration = WorkerDeclaration::of::<W>();
    let store = start::store::<W::Parts>(declaration.frame);
    start::on_one_thread(W::NAME, serve(declaration, store))
}

/// The report of a run.
#[derive(Debug, Serialize)]
struct Report {
    done: usize,
}

async fn serve(declaration: WorkerDeclaration, store: Option<OpenStore>) -> Result<(), Error> {
    let (name, frame, requirements) = (declaration.name, declaration.frame, declaration.requirements());
    let open = |app, opening: &_| declaration.open(app, opening);
    let (worker, app) = start::start(name, frame, &requirements, store, open).await?;
    start::close_at_the_end(app).await;
    let worker = Arc::new(worker);
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let worker = Arc::clone(&worker);
        async move {
            let outcome = worker.run(time_left_of(&event.context, worker.declaration.timeout)).await;
            telemetry::flush().await;
            // The log line of the run has the reason; Lambda counts the error.
            outcome.map(|done| Report { done }).map_err(|_| Error::from("the work stopped"))
        }
    });
    Runtime::new(handler).run_concurrent().await
}
