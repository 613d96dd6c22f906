//! `serve`: everything behind one address, until Ctrl-C or SIGTERM.

use crate::arguments::ServeOptions;
use crate::background::{Background, Notify};
use crate::data::Data;
use crate::database::LocalDatabase;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::mail::{MailFolder, Mails};
use crate::{demo, modules};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use shared::access::Argon2id;
use shared::app::{App, Needs, Settings};
use shared::background::{InProcess, WorkerDeclaration};
use shared::clock::{SystemClock, SystemIds};
use shared::external::{ExternalCalls, OpenExternal};
use shared::mail::Sender;
use shared::module::Module;
use shared::outbox::Queue;
use shared::settings::{BadSettings, Variables};
use shared::telemetry;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long requests under way may take to finish once stopping has begun.
const DRAIN: Duration = Duration::from_secs(10);

/// The sender of mails unless `MAIL_FROM` is given.
const MAIL_FROM: &str = "Grafono <no-reply@grafono.example>";

/// Starts everything, serves, and stops everything.
pub async fn serve(options: ServeOptions) -> Result<(), Error> {
    telemetry::start(&|key| variable(key), "grafono")?;
    let listener = listen(options.port).await?;
    let address = listener.local_addr().map_err(|error| Error::Listen(options.port, error))?;
    let mut stop = std::pin::pin!(stop_signal()?);
    let started = async {
        let data = Data::open(options.data)?;
        let database = LocalDatabase::start(options.database_url, &data).await?;
        database.check().await?;
        let notify = Notify::default();
        let external = external()?;
        let mail = Arc::new(mail(&data)?);
        let mails = Mails::in_folder(mail.path().to_owned());
        let given =
            Given { database: &database, data: &data, notify: &notify, external: &external, mail, address };
        let functions = given.functions()?;
        let workers = workers(&database, &functions, &external)?;
        let gateway = Arc::new(Gateway::new(functions).with_pages(mails));
        let has_demo = database.is_own() && demo::sign_up(&gateway).await;
        Ok::<_, Error>((database, gateway, Background::start(workers, &notify), has_demo))
    };
    let (database, gateway, background, has_demo) = tokio::select! {
        started = started => started?,
        // Stopped while starting: dropping the half-started parts stops them.
        () = &mut stop => return Ok(()),
    };
    greet(address, has_demo)?;
    tokio::select! {
        () = accept(listener, &gateway, stop) => {}
        () = telemetry::flush_regularly() => {}
    }
    background.stop().await;
    telemetry::flush().await;
    database.stop().await;
    Ok(())
}

/// Listens. Waits a second for a taken port: a run that was just killed may still hold it.
async fn listen(port: u16) -> Result<TcpListener, Error> {
    let mut tries = 20;
    loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() != ErrorKind::AddrInUse => return Err(Error::Listen(port, error)),
            Err(_) if tries == 0 => return Err(Error::PortTaken(port)),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        tries -= 1;
    }
}

/// Resolves at Ctrl-C or SIGTERM. The handlers are installed before anything is started.
fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The parts that the functions of all modules are made of.
struct Given<'a> {
    database: &'a LocalDatabase,
    data: &'a Data,
    notify: &'a Notify,
    external: &'a Arc<ExternalCalls>,
    mail: Arc<MailFolder>,
    address: SocketAddr,
}

impl Given<'_> {
    /// Each module's functions with an app of its own, under the module's role.
    fn functions(&self) -> Result<Vec<(Module, Arc<App>)>, Error> {
        let (secret, public) = self.data.token_keys()?;
        let own = |key: &'static str| match key {
            "TOKEN_SECRET_KEY" => Some(secret.clone()),
            "TOKEN_PUBLIC_KEYS" => Some(public.clone()),
            "PUBLIC_URL" => variable(key).or_else(|| Some(format!("http://{}", self.address))),
            other => variable(other),
        };
        let app = |module: &Module| {
            let app = app(&self.database.url(module.name), &own, module.needs())?;
            let app = app.with_nudge(Arc::new(self.notify.clone())).with_external(Arc::clone(self.external));
            Ok::<_, Error>(Arc::new(app.with_mail(Arc::<MailFolder>::clone(&self.mail))))
        };
        modules().into_iter().map(|module| app(&module).map(|app| (module, app))).collect()
    }
}

/// The folder for mail, which stays on this machine whatever the settings of a deployment say.
fn mail(data: &Data) -> Result<MailFolder, Error> {
    let from = variable("MAIL_FROM").unwrap_or_else(|| MAIL_FROM.to_owned());
    let from = Sender::parse(&from).map_err(|error| BadSettings(vec![("MAIL_FROM", error)]))?;
    Ok(MailFolder::new(data.folder.join("mail"), from))
}

/// Each worker with an app of its own, under its role.
fn workers(
    database: &LocalDatabase,
    functions: &[(Module, Arc<App>)],
    external: &Arc<ExternalCalls>,
) -> Result<Vec<(WorkerDeclaration, Arc<App>)>, Error> {
    let queues: Arc<dyn Queue> = Arc::new(InProcess::of(
        functions.iter().flat_map(|(module, app)| module.consumers_on(app)).collect(),
    ));
    let all = functions.iter().flat_map(|(module, _)| module.workers.iter().cloned());
    all.map(|worker| {
        let app = app(&database.url(worker.role), &variable, worker.needs)?;
        Ok((worker, Arc::new(app.with_queue(Arc::clone(&queues)).with_external(Arc::clone(external)))))
    })
    .collect()
}

fn app(url: &str, variable: &Variables<'_>, needs: Needs) -> Result<App, Error> {
    let own = |key: &'static str| match key {
        "DATABASE_URL" => Some(url.to_owned()),
        "DATABASE_CONNECTIONS" => Some("8".to_owned()),
        other => variable(other),
    };
    let settings = Settings::read(&own, needs)?;
    Ok(App::new(settings, Arc::new(SystemClock), Arc::new(SystemIds), Arc::new(Argon2id)))
}

/// The external calls, one for all modules as they are one process. Targets on this machine are allowed here.
fn external() -> Result<Arc<ExternalCalls>, Error> {
    let own =
        |key: &'static str| variable(key).or_else(|| (key == "OUTSIDE_TARGETS").then(|| "local".to_owned()));
    let needs = Needs { external: Some(OpenExternal::OPEN), ..Needs::default() };
    Ok(OpenExternal::OPEN.open(&Settings::read(&own, needs)?.external)?)
}

#[expect(clippy::disallowed_methods, reason = "the local server's one reading of the environment")]
fn variable(key: &'static str) -> Option<String> {
    std::env::var(key).ok()
}

fn greet(address: SocketAddr, has_demo: bool) -> Result<(), Error> {
    let (email, password) = (demo::EMAIL, demo::PASSWORD);
    let first = if has_demo {
        format!(
            "  demo login   {email}  {password}\n\n  \
             curl -s http://{address}/api/v1/auth/login -H 'content-type: application/json' \\\n    \
             -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}'"
        )
    } else {
        format!("\n  curl -s http://{address}/health/ready")
    };
    let last = "  every address: cargo run -- routes        stop: Ctrl-C";
    let text = format!(
        "\nGrafono listens on http://{address}\n\n  reference    http://{address}/docs\n  mail         http://{address}/local/mail\n{first}\n\n{last}\n\n"
    );
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}

/// Accepts connections until told to stop, then lets the requests under way finish.
async fn accept(listener: TcpListener, gateway: &Arc<Gateway>, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, client)) = accepted else {
            // Mostly no file descriptor is free: wait for some.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let gateway = Arc::clone(gateway);
        let service = service_fn(move |request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.serve(request, client).await }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away mid-request is its own affair.
            let _ = connection.await;
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}
