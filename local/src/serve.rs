//! `serve`: everything behind one address, until Ctrl-C or SIGTERM.

use crate::arguments::ServeOptions;
use crate::background::{Background, Notify};
use crate::data::Data;
use crate::database::LocalDatabase;
use crate::error::Error;
use crate::files::FileFolder;
use crate::gateway::Gateway;
use crate::mail::{MailFolder, Mails};
use crate::payments::Payments;
use crate::{demo, modules};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use shared::access::Argon2id;
use shared::app::{App, Frame};
use shared::background::{InProcess, OpenConsumer, OpenWorker};
use shared::clock::{SystemClock, SystemIds};
use shared::external::{ExternalCalls, FileStore};
use shared::http::OpenEndpoint;
use shared::mail::{MAIL_FROM, Mail, Notices, Sender};
use shared::outbox::{Queues, RelayNudge};
use shared::parts::Opening;
use shared::settings::BadSettings;
use shared::telemetry;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::AbortHandle;

/// How long requests under way may take to finish once stopping has begun.
const DRAIN: Duration = Duration::from_secs(10);

/// The sender of mails unless `MAIL_FROM` is given.
const SENDER: &str = "Grafono <no-reply@grafono.example>";

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
        let mail = mail(&data)?;
        let mails = Mails::in_folder(mail.path().to_owned());
        let files = files(&data, address)?;
        let payments = payments().await?;
        let process =
            Process::new(&database, &data, &notify, mail, files.clone(), address, payments.clone())?;
        let (endpoints, consumers) = process.functions()?;
        let workers = process.workers(consumers)?;
        let gateway = Gateway::new(endpoints).with_pages(mails).with_files(files);
        let gateway = Arc::new(gateway.with_payments(payments.clone()));
        let delivering = payments.map(|payments| payments.deliver(Arc::clone(&gateway)));
        let has_demo = database.is_own() && demo::sign_up(&gateway, &database).await;
        Ok::<_, Error>((database, gateway, Background::start(workers, &notify), delivering, has_demo))
    };
    let (database, gateway, background, delivering, has_demo) = tokio::select! {
        started = started => started?,
        // Stopped while starting: dropping the half-started parts stops them.
        () = &mut stop => return Ok(()),
    };
    let greeted = greet(address, has_demo);
    if greeted.is_ok() {
        tokio::select! {
            () = accept(listener, &gateway, stop) => {}
            () = telemetry::flush_regularly() => {}
        }
    }
    delivering.inspect(AbortHandle::abort);
    background.stop().await;
    telemetry::flush().await;
    database.stop().await;
    greeted
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

/// The one process that all functions share here, each under its own database role.
struct Process<'a> {
    database: &'a LocalDatabase,
    /// The token keys, secret and public.
    keys: (String, String),
    /// The secret key of receipts.
    receipt_key: String,
    address: SocketAddr,
    external: Arc<ExternalCalls>,
    mail: Arc<Mail>,
    files: Arc<FileStore>,
    nudge: Arc<RelayNudge>,
    payments: Option<Arc<Payments>>,
}

impl<'a> Process<'a> {
    fn new(
        database: &'a LocalDatabase,
        data: &Data,
        notify: &Notify,
        mail: MailFolder,
        files: FileFolder,
        address: SocketAddr,
        payments: Option<Arc<Payments>>,
    ) -> Result<Self, Error> {
        // Targets on this machine are allowed here. Breakers are one for all functions, as they are one process.
        let own = |key| variable(key).or_else(|| (key == "OUTSIDE_TARGETS").then(|| "local".to_owned()));
        let opening = Opening::by_value(own, Arc::new(SystemClock));
        Ok(Self {
            database,
            keys: data.token_keys()?,
            receipt_key: data.receipt_keys()?.0,
            address,
            external: opening.finish(opening.part())?,
            mail: Arc::new(Mail::by(Arc::new(mail))),
            files: Arc::new(FileStore::by(Arc::new(files))),
            nudge: Arc::new(RelayNudge::by(notify.clone())),
            payments,
        })
    }

    /// Opens parts under that database role. Settings are given by value; mail, files, queues and the nudge stay here
    /// whatever the settings of a deployment say.
    fn opening(&self, role: &str) -> Opening {
        let (url, address) = (self.database.url(role), self.address);
        let (secret, public) = self.keys.clone();
        let (receipt_key, payments) = (self.receipt_key.clone(), self.payments.clone());
        let own = move |key: &'static str| match key {
            "DATABASE_URL" => Some(url.clone()),
            "DATABASE_CONNECTIONS" => Some("8".to_owned()),
            "TOKEN_SECRET_KEY" => Some(secret.clone()),
            "TOKEN_PUBLIC_KEYS" => Some(public.clone()),
            "RECEIPT_SECRET_KEY" => Some(receipt_key.clone()),
            "PUBLIC_URL" => variable(key).or_else(|| Some(format!("http://{address}"))),
            other => variable(other).or_else(|| payments.as_ref()?.setting(other)),
        };
        let opening = Opening::by_value(own, Arc::new(SystemClock));
        opening.put(Arc::clone(&self.external));
        opening.put(Arc::clone(&self.mail));
        opening.put(Arc::clone(&self.files));
        opening.put(Arc::clone(&self.nudge));
        opening.put(Arc::new(Notices::none()));
        opening
    }

    /// All endpoints and consumers. Those of one module share the module's connections.
    fn functions(&self) -> Result<(Vec<OpenEndpoint>, Vec<OpenConsumer>), Error> {
        let (mut endpoints, mut consumers) = (Vec::new(), Vec::new());
        for module in modules() {
            let opening = self.opening(module.name);
            let app = app(&opening)?;
            for endpoint in module.endpoints {
                endpoints.push(opening.finish(endpoint.open(Ok(Arc::clone(&app)), &opening))?);
            }
            for consumer in module.consumers {
                consumers.push(opening.finish(consumer.open(Ok(Arc::clone(&app)), &opening))?);
            }
        }
        Ok((endpoints, consumers))
    }

    /// All workers, each under its own role. The relay's queues lead to these consumers.
    fn workers(&self, consumers: Vec<OpenConsumer>) -> Result<Vec<OpenWorker>, Error> {
        let queues = Arc::new(Queues::by(Arc::new(InProcess::of(consumers))));
        let all = modules().into_iter().flat_map(|module| module.workers);
        all.map(|worker| {
            let opening = self.opening(worker.role);
            opening.put(Arc::clone(&queues));
            let app = app(&opening)?;
            Ok(opening.finish(worker.open(Ok(app), &opening))?)
        })
        .collect()
    }
}

fn app(opening: &Opening) -> Result<Arc<App>, BadSettings> {
    let app = App::open(opening, Frame::WHOLE, Arc::new(SystemIds), Arc::new(Argon2id::default()));
    opening.finish(app.map(Arc::new))
}

/// The folder for mail, which stays on this machine whatever the settings of a deployment say.
fn mail(data: &Data) -> Result<MailFolder, Error> {
    let from = variable(MAIL_FROM.key).unwrap_or_else(|| SENDER.to_owned());
    let from = Sender::parse(&from)
        .map_err(|error| BadSettings(vec![(MAIL_FROM.key, MAIL_FROM.explained(error))]))?;
    Ok(MailFolder::new(data.folder.join("mail"), from))
}

/// The sandbox that cards are taken by, unless the key of a real provider is given.
async fn payments() -> Result<Option<Arc<Payments>>, Error> {
    if variable("STRIPE_SECRET_KEY").is_some_and(|key| !key.is_empty()) {
        return Ok(None);
    }
    let started = Payments::start().await.map_err(|error| Error::Listen(0, error))?;
    Ok(Some(Arc::new(started)))
}

/// The folder for files, with links to this server.
fn files(data: &Data, address: SocketAddr) -> Result<FileFolder, Error> {
    let folder = data.folder.join("files");
    FileFolder::new(folder.clone(), format!("http://{address}")).map_err(Error::io("keep files in", &folder))
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
        "\nGrafono listens on http://{address}\n\n  reference    http://{address}/docs\n  mail         http://{address}/local/mail\n  payments     http://{address}/local/payments\n{first}\n\n{last}\n\n"
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
