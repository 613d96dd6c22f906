//! The Lambda entry of a worker, called by the one line of its `main.rs`. Any event means: work.

use super::{CONNECTING, time_left_of, variable};
use crate::app::Settings;
use crate::background::{Worker, WorkerDeclaration};
use crate::external::SecretsManager;
use crate::mail::Notices;
use crate::outbox::Sqs;
use crate::telemetry;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a worker as a Lambda function, until Lambda ends the process.
pub fn work<W: Worker>() -> ExitCode {
    super::on_one_thread(W::NAME, serve(WorkerDeclaration::of::<W>()))
}

/// The report of a run.
#[derive(Debug, Serialize)]
struct Report {
    done: usize,
}

async fn serve(declaration: WorkerDeclaration) -> Result<(), Error> {
    telemetry::start(&variable, declaration.name)?;
    let needs = declaration.needs;
    let settings = Settings::load(&variable, SecretsManager::open, needs).await?;
    let mut app = super::app(settings, needs)?;
    if needs.queues {
        let queue = Sqs::open(&variable, app.external().map_err(|fault| fault.log_text())?)?;
        app = app.with_queue(queue);
    }
    if needs.mail_notices {
        let notices = Notices::open(&variable, app.external().map_err(|fault| fault.log_text())?)?;
        app = app.with_mail_notices(notices);
    }
    super::connect(&app, CONNECTING).await;
    let function = Arc::new((app, declaration));
    super::close_at_the_end(Arc::clone(&function), |function| &function.0).await;
    let handler = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let function = Arc::clone(&function);
        async move {
            let (app, declaration) = &*function;
            let left = time_left_of(&event.context, declaration.timeout);
            let outcome = declaration.run(app, left).await;
            telemetry::flush().await;
            // The log line of the run has the reason; Lambda counts the error.
            outcome.map(|done| Report { done }).map_err(|_| Error::from("the work stopped"))
        }
    });
    Runtime::new(handler).run_concurrent().await
}
