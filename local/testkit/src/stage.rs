use crate::{Answer, Ask, CountingHasher, Tenant, TestClock, TestDatabase};
use shared::app::App;
use shared::clock::{Clock as _, SystemClock, SystemIds};
use shared::database::Database;
use shared::endpoint::{Declaration, Module};
use shared::pipeline;
use shared::settings::Settings;
use shared::token::{TokenSigner, new_key_pair};
use std::sync::Arc;
use std::time::Duration;

/// A module on a database of its own, called through gateway events.
#[derive(Debug)]
pub struct Stage {
    /// The database.
    pub database: TestDatabase,
    /// The clock, standing at the start of the test.
    pub clock: Arc<TestClock>,
    /// The hasher.
    pub hasher: Arc<CountingHasher>,
    /// Signs tokens that the stage believes.
    pub signer: TokenSigner,
    functions: Vec<(Declaration, Arc<App>)>,
    keys: (String, String),
    /// What a call may take.
    pub time: Duration,
}

impl Stage {
    /// The modules, each under its own role, on a fresh database.
    pub async fn of(modules: Vec<Module>) -> Self {
        Self::with_connections(modules, 16).await
    }

    /// As [`Stage::of`], with so many connections a module.
    pub async fn with_connections(modules: Vec<Module>, connections: usize) -> Self {
        let database = TestDatabase::clone_template().await;
        let keys = new_key_pair().unwrap();
        let mut stage = Self {
            database,
            clock: Arc::new(TestClock::at(SystemClock.now())),
            hasher: Arc::new(CountingHasher::default()),
            signer: TokenSigner::from_paserk(&keys.0).unwrap(),
            functions: Vec::new(),
            keys,
            time: Duration::from_secs(10),
        };
        for module in modules {
            let url = stage.database.url(module.name);
            let app = Arc::new(stage.app(&url, connections));
            stage.functions.extend(
                module
                    .endpoints
                    .into_iter()
                    .map(|endpoint| (endpoint, Arc::clone(&app))),
            );
        }
        stage
    }

    /// The same stage with the modules reaching their database at another address.
    pub fn reconnect(&mut self, url: &str) {
        let app = Arc::new(self.app(url, 4));
        for (_, own) in &mut self.functions {
            *own = Arc::clone(&app);
        }
    }

    fn app(&self, url: &str, connections: usize) -> App {
        let variable = |key: &str| match key {
            "DATABASE_URL" => Some(url.to_owned()),
            "DATABASE_CONNECTIONS" => Some(connections.to_string()),
            "TOKEN_SECRET_KEY" => Some(self.keys.0.clone()),
            "TOKEN_PUBLIC_KEYS" => Some(self.keys.1.clone()),
            "CORS_ALLOWED_ORIGINS" => Some("https://app.example".to_owned()),
            _ => None,
        };
        let settings = Settings::read(&|key| variable(key), true).unwrap();
        App::new(
            settings,
            self.clock.clone(),
            Arc::new(SystemIds),
            self.hasher.clone(),
        )
    }

    /// The key pair, secret and public, in PASERK form.
    pub fn keys(&self) -> &(String, String) {
        &self.keys
    }

    /// A clinic paid in BRL.
    pub async fn tenant(&self) -> Tenant {
        Tenant::create(&self.database, &self.signer, "BRL", self.clock.now()).await
    }

    /// The stage's database under a module's role, for what a test sends past the endpoints.
    pub fn database_as(&self, role: &str) -> Database {
        Database::at(&self.database.url(role), 4).unwrap()
    }

    /// All declarations on the stage.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.functions.iter().map(|(declaration, _)| declaration)
    }

    /// Passes a request to the function that has its route, or to the catch-all if there is one, or to the first.
    pub async fn ask(&self, ask: Ask) -> Answer {
        let method = ask.method().parse().unwrap_or(http::Method::TRACE);
        let has = |declaration: &Declaration| {
            let route = &declaration.route;
            !route.is_catch_all() && route.takes(&method) && route.parameters(ask.path()).is_some()
        };
        let found = self.functions.iter().find(|(declaration, _)| has(declaration));
        let fallback = || {
            self.functions
                .iter()
                .find(|(declaration, _)| declaration.route.is_catch_all())
        };
        let (declaration, app) = found
            .or_else(fallback)
            .or_else(|| self.functions.first())
            .unwrap();
        pipeline::answer(app, declaration, ask.event(), self.time)
            .await
            .into()
    }

    /// Passes a request to the function of that name, whatever its route.
    pub async fn ask_function(&self, name: &str, ask: Ask) -> Answer {
        let found = self
            .functions
            .iter()
            .find(|(declaration, _)| declaration.name == name);
        let (declaration, app) = found.unwrap();
        pipeline::answer(app, declaration, ask.event(), self.time)
            .await
            .into()
    }

    /// Sends requests all at once and waits for all replies.
    pub async fn ask_at_once(self: &Arc<Self>, asks: Vec<Ask>) -> Vec<Answer> {
        let running: Vec<_> = asks
            .into_iter()
            .map(|ask| {
                let stage = Arc::clone(self);
                tokio::spawn(async move { stage.ask(ask).await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in running {
            answers.push(task.await.unwrap());
        }
        answers
    }
}
