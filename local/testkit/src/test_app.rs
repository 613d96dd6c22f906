use crate::background::{self, Background};
use crate::canary::watch_logs;
use crate::{
    Contract, CountingHasher, Names, SendgridKey, Tenant, TestClock, TestDatabase, TestFiles, TestMail,
    TestRequest, TestResponse,
};
use payment_sandbox::{Event as ProviderEvent, Listening, Sandbox};
use shared::access::TokenSigner;
use shared::access::token::new_key_pair;
use shared::app::{App, Frame};
use shared::background::{ATTEMPTS, Attempt, OpenWorker};
use shared::clock::{Clock as _, SystemClock, SystemIds};
use shared::database::{Database, RoundTrips, Scope, Tx};
use shared::deadline::Deadline;
use shared::external::connect::NetworkScope;
use shared::external::{ExternalCalls, FileStore, Redis};
use shared::failure::{Error, Fault, NoFailure};
use shared::http::{Declaration, OpenEndpoint, pipeline};
use shared::limits::Limiter;
use shared::mail::{Mail, Notices};
use shared::module::Module;
use shared::outbox::{Event, Queue, Queues};
use shared::parts::Opening;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// An endpoint as it runs: under its module's role.
#[derive(Debug)]
struct Function {
    module: &'static str,
    endpoint: OpenEndpoint,
}

/// Modules on a database of their own, called through gateway events.
#[derive(Debug)]
pub struct TestApp {
    /// The database.
    pub database: TestDatabase,
    /// The clock, standing at the start of the test.
    pub clock: Arc<TestClock>,
    /// The hasher.
    pub hasher: Arc<CountingHasher>,
    /// The gateway that mail goes to.
    pub mail: Arc<TestMail>,
    /// The store that files are kept in.
    pub files: Arc<TestFiles>,
    /// Signs events of mails that the test app believes, until it forgets the key.
    pub sendgrid: Option<SendgridKey>,
    /// The payment provider, which listens on this machine.
    pub payments: Sandbox,
    listening: Arc<Listening>,
    takes_cards: bool,
    /// Signs tokens that the test app believes.
    pub signer: TokenSigner,
    functions: Vec<Function>,
    background: Background,
    keys: (String, String),
    contract: Option<&'static Contract>,
    /// The addresses of hosts' names, for external calls.
    pub names: Arc<Names>,
    external: Arc<ExternalCalls>,
    /// The time that a call may take.
    pub time: Duration,
    limits: Limits,
}

/// How wide the limits of requests are, and the Redis that counts them.
#[derive(Debug, Clone)]
struct Limits {
    times: u16,
    redis: Option<String>,
    /// Where a test's machine may be slower than a deployment's Redis.
    patience: Option<Duration>,
}

/// Where people reach the test app, in whose name its tokens are.
pub const ISSUER: &str = "https://app.example";

/// The secret with which the payment provider signs.
pub const WEBHOOK_SECRET: &str = "whsec_of_the_test_apps_provider";

/// The one before it, which is still believed.
pub const OLD_WEBHOOK_SECRET: &str = "whsec_of_the_test_apps_provider_before";

impl TestApp {
    /// The modules, each under its own role, on a fresh database.
    pub async fn of(modules: Vec<Module>) -> Self {
        Self::with_connections(modules, 16).await
    }

    /// As [`TestApp::of`], with so many connections a module.
    pub async fn with_connections(modules: Vec<Module>, connections: usize) -> Self {
        watch_logs();
        let database = TestDatabase::clone_template().await;
        let keys = new_key_pair().unwrap();
        let (clock, names) = (Arc::new(TestClock::at(SystemClock.now())), Arc::new(Names::default()));
        let payments = sandbox(&clock);
        let listening = Arc::new(payments.clone().listen().await.unwrap());
        let mut test_app = Self {
            database,
            external: external(NetworkScope::PublicOrLoopback, &clock, &names),
            clock,
            names,
            hasher: Arc::new(CountingHasher::default()),
            mail: Arc::new(TestMail::default()),
            files: Arc::new(TestFiles::default()),
            sendgrid: Some(SendgridKey::default()),
            payments,
            listening,
            takes_cards: true,
            signer: TokenSigner::from_paserk(&keys.0, ISSUER).unwrap(),
            functions: Vec::new(),
            background: Background::default(),
            keys,
            contract: None,
            time: Duration::from_secs(10),
            limits: Limits { times: 1000, redis: None, patience: None },
        };
        for module in modules {
            let opening = test_app.opening(&test_app.database.function_url(module.name), connections);
            let app = test_app.app(&opening);
            test_app.background.add(&module, &app, &opening);
            test_app.functions.extend(module.endpoints.into_iter().map(|endpoint| Function {
                module: module.name,
                endpoint: opening.finish(endpoint.open(Ok(Arc::clone(&app)), &opening)).unwrap(),
            }));
        }
        test_app
    }

    /// Holds every reply against this contract from now on.
    #[must_use]
    pub fn held_to(self, contract: &'static Contract) -> Self {
        Self { contract: Some(contract), ..self }
    }

    /// Lets functions call only addresses within `scope` from now on, of those that callers name. Until then such an
    /// address may be on this machine.
    pub fn confine(&mut self, scope: NetworkScope) {
        self.external = external(scope, &self.clock, &self.names);
        let database = self.database.clone();
        self.rewire(|role| database.function_url(role));
    }

    /// Takes SendGrid's key from all functions.
    pub fn forget_sendgrid(&mut self) {
        self.sendgrid = None;
        let database = self.database.clone();
        self.rewire(|role| database.function_url(role));
    }

    /// Takes the payment provider's key and secrets from all functions.
    pub fn forget_provider(&mut self) {
        self.takes_cards = false;
        let database = self.database.clone();
        self.rewire(|role| database.function_url(role));
    }

    /// Limits requests as in a deployment from now on, by this Redis, or by the database. Until then the limits are a thousand
    /// times as wide.
    pub fn limit(&mut self, redis: Option<String>) {
        let long = Duration::from_secs(5);
        self.limit_within(redis, Some(long));
    }

    /// As [`TestApp::limit`], with a deployment's patience for Redis, unless another is given.
    pub fn limit_within(&mut self, redis: Option<String>, patience: Option<Duration>) {
        self.limits = Limits { times: 1, redis, patience };
        let database = self.database.clone();
        self.rewire(|role| database.function_url(role));
    }

    /// Has all functions reach their database at this address from now on.
    pub fn reconnect(&mut self, url: &str) {
        self.rewire(|_| url.to_owned());
    }

    /// Has the functions of each module reach their database at the address that `url` gives for the module's role.
    pub fn rewire(&mut self, url: impl Fn(&str) -> String) {
        let mut opened: BTreeMap<&'static str, (Opening, Arc<App>)> = BTreeMap::new();
        let functions = std::mem::take(&mut self.functions);
        self.functions = functions
            .into_iter()
            .map(|Function { module, endpoint }| {
                let (opening, app) = opened.entry(module).or_insert_with(|| {
                    let opening = self.opening(&url(module), 4);
                    let app = self.app(&opening);
                    (opening, app)
                });
                let endpoint = endpoint.declaration.open(Ok(Arc::clone(app)), opening);
                Function { module, endpoint: opening.finish(endpoint).unwrap() }
            })
            .collect();
    }

    /// Opens the connection of the function of that name, as the first request would.
    pub async fn warm(&self, name: &str) {
        let (round_trips, deadline) = (RoundTrips::default(), Deadline::within(self.time));
        let tx = Tx::reading(&self.endpoint(name).app.database, &round_trips, deadline, Scope::default());
        let opened: Result<_, Error<NoFailure>> = tx.commit().await;
        opened.unwrap();
    }

    /// Opens parts with the database at this address; mail and external calls are the test app's.
    fn opening(&self, url: &str, connections: usize) -> Opening {
        let (url, keys) = (url.to_owned(), self.keys.clone());
        let sendgrid = self.sendgrid.as_ref().map(SendgridKey::shown);
        let limits = self.limits.clone();
        let (stripe, takes_cards) = (self.listening.url(), self.takes_cards);
        let variable = move |key: &'static str| match key {
            "DATABASE_URL" => Some(url.clone()),
            "DATABASE_CONNECTIONS" => Some(connections.to_string()),
            "TOKEN_SECRET_KEY" | "RECEIPT_SECRET_KEY" => Some(keys.0.clone()),
            "TOKEN_PUBLIC_KEYS" => Some(keys.1.clone()),
            "CORS_ALLOWED_ORIGINS" | "PUBLIC_URL" => Some(ISSUER.to_owned()),
            "RATE_LIMITS" => Some(limits.times.to_string()),
            "REDIS_URL" => limits.redis.clone(),
            "SENDGRID_WEBHOOK_PUBLIC_KEY" => sendgrid.clone(),
            "STRIPE_URL" => Some(stripe.clone()),
            "STRIPE_SECRET_KEY" => takes_cards.then(|| Sandbox::KEY.to_owned()),
            "STRIPE_WEBHOOK_SECRETS" => takes_cards.then(|| format!("{WEBHOOK_SECRET} {OLD_WEBHOOK_SECRET}")),
            _ => None,
        };
        let opening = Opening::by_value(variable, self.clock.clone());
        opening.put(Arc::clone(&self.external));
        if let Some(patience) = self.limits.patience {
            let redis: Arc<Redis> = opening.part().unwrap();
            opening.put(Arc::new(Limiter::new(redis, self.limits.times).waiting(patience)));
        }
        opening.put(Arc::new(Mail::by(self.mail.clone())));
        opening.put(Arc::new(FileStore::by(self.files.clone())));
        opening
    }

    fn app(&self, opening: &Opening) -> Arc<App> {
        let app = App::open(opening, Frame::WHOLE, Arc::new(SystemIds), self.hasher.clone());
        Arc::new(opening.finish(app).unwrap())
    }

    /// The key pair, secret and public, in PASERK form.
    pub fn keys(&self) -> &(String, String) {
        &self.keys
    }

    /// A clinic paid in BRL.
    pub async fn tenant(&self) -> Tenant {
        Tenant::create(&self.database, &self.signer, "BRL", self.clock.now()).await
    }

    /// As [`TestApp::tenant`], with this id.
    pub async fn tenant_with_id(&self, clinic: Uuid) -> Tenant {
        Tenant::with_id(clinic, &self.database, &self.signer, "BRL", self.clock.now()).await
    }

    /// The test app's database under a module's role, for statements that a test sends past the endpoints.
    pub fn database_as(&self, role: &str) -> Database {
        Database::at(&self.database.url(role), 4).unwrap()
    }

    /// All declarations in the test app.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.functions.iter().map(|function| &function.endpoint.declaration)
    }

    /// Passes a request to the function with its route, else to the catch-all, else to the first function.
    pub async fn send(&self, request: TestRequest) -> TestResponse {
        self.answer(self.route(request.method(), request.path()), request).await
    }

    /// Passes one request through the pipeline, and holds the reply against the contract.
    async fn answer(&self, endpoint: &OpenEndpoint, request: TestRequest) -> TestResponse {
        let (method, path) = (request.method().to_owned(), request.path().to_owned());
        let answer = pipeline::answer(endpoint, request.read(), self.time).await.finish().await.into();
        if let Some(contract) = self.contract {
            contract.hold(&method, &path, &answer);
        }
        answer
    }

    /// The function that the gateway would call.
    pub fn route(&self, method: &str, path: &str) -> &OpenEndpoint {
        let method = method.parse().unwrap_or(http::Method::TRACE);
        let has = |function: &&Function| {
            let route = &function.endpoint.declaration.route;
            !route.is_catch_all() && route.takes(&method) && route.parameters(path).is_some()
        };
        let found = self.functions.iter().find(has);
        let is_fallback = |function: &&Function| function.endpoint.declaration.route.is_catch_all();
        let fallback = || self.functions.iter().find(is_fallback);
        &found.or_else(fallback).or_else(|| self.functions.first()).unwrap().endpoint
    }

    /// Passes a request to the function of that name, whatever its route.
    pub async fn send_to_function(&self, name: &str, request: TestRequest) -> TestResponse {
        self.answer(self.endpoint(name), request).await
    }

    /// All events so far, in the order of their streams.
    pub async fn events(&self) -> Vec<Event> {
        self.events_where("true").await
    }

    /// As [`TestApp::events`], those for which this condition holds, in SQL.
    pub async fn events_where(&self, condition: &str) -> Vec<Event> {
        background::events(&self.database, condition).await
    }

    /// Hands an event to the consumer of that name, as its queue would for the first time.
    pub async fn take(&self, consumer: &str, event: &Event) -> Result<(), Fault> {
        self.background.take(consumer, event, Attempt(1)).await
    }

    /// As [`TestApp::take`], at the last attempt.
    pub async fn take_last(&self, consumer: &str, event: &Event) -> Result<(), Fault> {
        self.background.take(consumer, event, Attempt(ATTEMPTS)).await
    }

    /// Runs the worker of that name, under its own role, until nothing is left to do. The consumers in the test app
    /// take the relay's events, unless other queues are given.
    pub async fn work(&self, worker: &str, queue: Option<Arc<dyn Queue>>) -> Result<usize, Fault> {
        let queue = queue.unwrap_or_else(|| self.background.queues());
        self.open_worker(worker, queue).run(Duration::from_mins(1)).await
    }

    /// The worker of that name, ready to run, with these queues and without notices.
    pub fn open_worker(&self, worker: &str, queue: Arc<dyn Queue>) -> OpenWorker {
        self.worker(worker, |opening| {
            opening.put(Arc::new(Queues::by(queue)));
            opening.put(Arc::new(Notices::none()));
        })
    }

    /// As [`TestApp::work`], for so long at most.
    pub async fn work_for(
        &self,
        time: Duration,
        worker: &str,
        queue: Arc<dyn Queue>,
        notices: Arc<Notices>,
    ) -> Result<usize, Fault> {
        let worker = self.worker(worker, |opening| {
            opening.put(Arc::new(Queues::by(queue)));
            opening.put(notices);
        });
        worker.run(time).await
    }

    /// As [`TestApp::work`], for the worker that takes the mail provider's notices from their queue.
    pub async fn work_on(&self, worker: &str, notices: Arc<Notices>) -> Result<usize, Fault> {
        self.worker(worker, |opening| opening.put(notices)).run(Duration::from_mins(1)).await
    }

    fn worker(&self, name: &str, put: impl FnOnce(&Opening)) -> OpenWorker {
        let declaration = self.background.worker(name).clone();
        let opening = self.opening(&self.database.function_url(declaration.role), 4);
        put(&opening);
        opening.finish(declaration.open(Ok(self.app(&opening)), &opening)).unwrap()
    }

    /// Where the payment provider listens.
    pub fn provider_url(&self) -> String {
        self.listening.url()
    }

    /// The request with which the payment provider tells an event, signed now.
    pub fn tells(&self, event: &ProviderEvent) -> TestRequest {
        let signature = self.payments.signed(event, self.clock.now());
        TestRequest::new("POST", "/api/v1/webhooks/stripe")
            .text(&event.body)
            .header("stripe-signature", &signature)
    }

    /// The names of the consumers in the test app.
    pub fn consumers(&self) -> Vec<&'static str> {
        self.background.consumers()
    }

    /// The app of a module's functions.
    pub fn app_of(&self, module: &str) -> &App {
        &self.functions.iter().find(|function| function.module == module).unwrap().endpoint.app
    }

    /// The module of the consumer of that name.
    pub fn module_of_consumer(&self, name: &str) -> &'static str {
        self.background.module_of(name)
    }

    /// The module of the function of that name.
    pub fn module_of(&self, name: &str) -> &'static str {
        self.function(name).module
    }

    /// The endpoint of that name, with its parts.
    pub fn endpoint(&self, name: &str) -> &OpenEndpoint {
        &self.function(name).endpoint
    }

    fn function(&self, name: &str) -> &Function {
        self.functions.iter().find(|function| function.endpoint.declaration.name == name).unwrap()
    }

    /// Sends requests all at once and waits for all replies.
    pub async fn send_at_once(self: &Arc<Self>, requests: Vec<TestRequest>) -> Vec<TestResponse> {
        let running: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let app = Arc::clone(self);
                tokio::spawn(async move { app.send(request).await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in running {
            answers.push(task.await.unwrap());
        }
        answers
    }
}

/// The payment provider by the test app's clock.
fn sandbox(clock: &Arc<TestClock>) -> Sandbox {
    let clock = Arc::clone(clock);
    Sandbox::new(Arc::new(move || clock.now()), WEBHOOK_SECRET)
}

/// External calls with breakers that nobody shares.
fn external(targets: NetworkScope, clock: &Arc<TestClock>, names: &Arc<Names>) -> Arc<ExternalCalls> {
    let redis = Arc::new(Redis::none(clock.clone()));
    Arc::new(ExternalCalls::new(targets, &redis, clock.clone(), names.clone()).unwrap())
}
