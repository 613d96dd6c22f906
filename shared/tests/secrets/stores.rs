//! Where the tests' settings and secrets come from.

use shared::access::token::new_key_pair;
use shared::app::{Needs, Settings};
use shared::external::SecretsManager;
use shared::settings::{BadSettings, BoxFuture, SecretError, SecretStore};
use shared::validation::Secret;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use testkit::{AwsEmulator, aws_variable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The environment of a function.
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

    /// Loads the settings of a function that issues tokens, as on Lambda.
    pub(crate) async fn load(&self) -> Result<Settings, BadSettings> {
        Settings::load(&|key| self.value(key), SecretsManager::open, Needs::ALL).await
    }

    /// The same, with the fetches counted.
    pub(crate) async fn load_counted(&self) -> (Settings, Arc<AtomicU32>) {
        let fetches = Arc::new(AtomicU32::new(0));
        let counted = Counted { store: self.store(), fetches: Arc::clone(&fetches) };
        (self.load_from(Arc::new(counted)).await, fetches)
    }

    /// The same; when something is fetched again, AWS is at that address.
    pub(crate) async fn load_then_at(&self, aws: &str) -> Settings {
        let first = Mutex::new(Some(self.store()));
        let then = SecretsManager::open(&|key| aws_variable(key, aws)).unwrap();
        self.load_from(Arc::new(Turning { first, then })).await
    }

    /// The store that the variables lead to.
    pub(crate) fn store(&self) -> Arc<dyn SecretStore> {
        SecretsManager::open(&|key| self.value(key)).unwrap()
    }

    async fn load_from(&self, store: Arc<dyn SecretStore>) -> Settings {
        Settings::load(&|key| self.value(key), |_| Ok(store), Needs::ALL).await.unwrap()
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
