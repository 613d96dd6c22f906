//! Where the tests' settings and secrets come from.

use shared::access::token::new_key_pair;
use shared::access::{Argon2id, PublicUrl, TokenSigner};
use shared::app::{App, Frame};
use shared::clock::{SystemClock, SystemIds};
use shared::database::Database;
use shared::external::{ExternalCalls, Redis, SecretsManager};
use shared::parts::{Opening, Parts, requirements};
use shared::settings::{BadSettings, BoxFuture, SecretError, SecretStore, Variables};
use shared::validation::Secret;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use testkit::{AwsEmulator, aws_variable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What the functions of these tests name.
type Named = (TokenSigner, PublicUrl, ExternalCalls, Redis);

/// What such a function opens.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) database: Arc<Database>,
    pub(crate) redis: Arc<Redis>,
    #[expect(dead_code, reason = "looked at by its debug output")]
    signer: Arc<TokenSigner>,
}

/// The environment of a function.
#[derive(Clone)]
pub(crate) struct Environment {
    given: BTreeMap<&'static str, String>,
    /// Where Secrets Manager is.
    aws: String,
}

impl Environment {
    /// With a good key pair, no database, and AWS at that address.
    pub(crate) fn at(aws: &str) -> Self {
        let (secret, public) = new_key_pair().unwrap();
        let url = "https://app.example".to_owned();
        let given = [("TOKEN_PUBLIC_KEYS", public), ("TOKEN_SECRET_KEY", secret), ("PUBLIC_URL", url)];
        Self { given: given.into(), aws: aws.to_owned() }
    }

    /// With AWS at the emulator.
    pub(crate) async fn emulated() -> Self {
        let emulator = AwsEmulator::running().await;
        Self::at(&emulator.variable("AWS_ENDPOINT_URL_SECRETS_MANAGER").unwrap())
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.given.insert(key, value.into());
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.given.remove(key);
        self
    }

    pub(crate) fn value(&self, key: &str) -> Option<String> {
        self.given.get(key).cloned().or_else(|| aws_variable(key, &self.aws))
    }

    /// Opens a function that hands out tokens, as on Lambda.
    pub(crate) async fn load(&self) -> Result<Opened, BadSettings> {
        self.open(SecretsManager::open).await
    }

    /// The same, with the fetches counted.
    pub(crate) async fn load_counted(&self) -> (Opened, Arc<AtomicU32>) {
        let fetches = Arc::new(AtomicU32::new(0));
        let counted = Counted { store: self.store(), fetches: Arc::clone(&fetches) };
        (self.load_from(Arc::new(counted)).await, fetches)
    }

    /// The same; when something is fetched again, AWS is at that address.
    pub(crate) async fn load_then_at(&self, aws: &str) -> Opened {
        let first = Mutex::new(Some(self.store()));
        let then = SecretsManager::open(&|key| aws_variable(key, aws)).unwrap();
        self.load_from(Arc::new(Turning { first, then })).await
    }

    /// The store that the variables lead to.
    pub(crate) fn store(&self) -> Arc<dyn SecretStore> {
        SecretsManager::open(&|key| self.value(key)).unwrap()
    }

    async fn load_from(&self, store: Arc<dyn SecretStore>) -> Opened {
        self.open(|_| Ok(store)).await.unwrap()
    }

    /// Opens the function with secrets from the store that `store` opens.
    pub(crate) async fn open(
        &self,
        store: impl FnOnce(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>,
    ) -> Result<Opened, BadSettings> {
        let (own, mut needed) = (self.clone(), Frame::WHOLE.requirements());
        needed.extend(requirements::<Named>());
        let clock = Arc::new(SystemClock);
        let opening = Opening::with_secrets(move |key| own.value(key), clock, &needed, store).await;
        let app = App::open(&opening, Frame::WHOLE, Arc::new(SystemIds), Arc::new(Argon2id::default()));
        let parts = <Named as Parts>::open(&opening);
        let (app, (signer, _, _, redis)) = opening.finish(app.and_then(|app| Ok((app, parts?))))?;
        Ok(Opened { database: app.database, redis, signer })
    }
}

/// One store for the first fetch, another for all others.
struct Turning {
    first: Mutex<Option<Arc<dyn SecretStore>>>,
    then: Arc<dyn SecretStore>,
}

impl SecretStore for Turning {
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let store = self.first.lock().unwrap().take().unwrap_or_else(|| Arc::clone(&self.then));
        Box::pin(async move { store.fetch(arn).await })
    }
}

/// A store whose fetches are counted.
struct Counted {
    store: Arc<dyn SecretStore>,
    fetches: Arc<AtomicU32>,
}

impl SecretStore for Counted {
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        self.store.fetch(arn)
    }
}

/// An address that accepts connections and answers each request with this error of AWS; with `None`, never.
pub(crate) async fn failing_aws(error: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let Some(code) = error else {
                silent.push(client);
                continue;
            };
            let _ = client.read(&mut vec![0; 64 * 1024]).await;
            let body = format!("{{\"__type\":\"{code}\",\"Message\":\"a canary is not authorized\"}}");
            let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n", body.len());
            let reply = format!("{head}content-type: application/x-amz-json-1.1\r\n\r\n{body}");
            let _ = client.write_all(reply.as_bytes()).await;
        }
    });
    format!("http://{address}")
}
