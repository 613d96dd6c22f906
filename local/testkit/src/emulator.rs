use crate::python;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Config, Credentials, Region};
use aws_sdk_secretsmanager::primitives::Blob;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The emulator and the packages of its server; pip adds moto's own.
const PACKAGES: [&str; 3] = ["moto==5.2.5", "flask>=3,<4", "flask-cors>=6,<7"];

static RUNNING: OnceLock<AwsEmulator> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// AWS Secrets Manager, SQS, SES and S3 as far as tests need them: moto on a free port of this machine, one a test process.
#[derive(Debug)]
pub struct AwsEmulator {
    url: String,
    /// The emulator's process, which runs while its standard input is open.
    _server: Child,
}

impl AwsEmulator {
    /// The process's own emulator. The first call starts it, and on a new machine installs it.
    pub async fn running() -> &'static Self {
        tokio::task::spawn_blocking(|| RUNNING.get_or_init(start)).await.unwrap()
    }

    /// The variables that lead a function to the emulator, by key.
    pub fn variable(&self, key: &str) -> Option<String> {
        variable(key, &self.url)
    }

    /// Keeps a new secret; its ARN.
    pub async fn keep(&self, text: &str) -> String {
        let made = self.client().create_secret().name(name()).secret_string(text).send().await;
        made.unwrap().arn.unwrap()
    }

    /// Keeps a new secret that is no text; its ARN.
    pub async fn keep_binary(&self, bytes: &[u8]) -> String {
        let made = self.client().create_secret().name(name()).secret_binary(Blob::new(bytes)).send().await;
        made.unwrap().arn.unwrap()
    }

    /// Gives a secret another text.
    pub async fn replace(&self, arn: &str, text: &str) {
        self.client().put_secret_value().secret_id(arn).secret_string(text).send().await.unwrap();
    }

    /// Makes a bucket.
    pub async fn make_bucket(&self, name: &str) {
        let address = format!("{}/{name}", self.url);
        let made = tokio::process::Command::new("curl").args(["-sf", "-X", "PUT", &address]).status().await;
        assert!(made.unwrap().success(), "{name} was not made");
    }

    /// A new client: a client's connections end with the test whose runtime drives them.
    fn client(&self) -> Client {
        let given = |key| variable(key, &self.url).unwrap();
        let config = Config::builder()
            .region(Region::new(given("AWS_REGION")))
            .credentials_provider(Credentials::new(
                given("AWS_ACCESS_KEY_ID"),
                given("AWS_SECRET_ACCESS_KEY"),
                None,
                None,
                "test",
            ))
            .endpoint_url(&self.url);
        Client::from_conf(config.build())
    }
}

/// The variables that lead a function to `url` instead of AWS.
pub fn variable(key: &str, url: &str) -> Option<String> {
    let value = match key {
        "AWS_REGION" => "sa-east-1",
        "AWS_ACCESS_KEY_ID" => "TEST",
        "AWS_SECRET_ACCESS_KEY" => "test",
        "AWS_ENDPOINT_URL_S3"
        | "AWS_ENDPOINT_URL_SECRETS_MANAGER"
        | "AWS_ENDPOINT_URL_SESV2"
        | "AWS_ENDPOINT_URL_SQS" => url,
        _ => return None,
    };
    Some(value.to_owned())
}

fn name() -> String {
    format!("grafono/test-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

fn start() -> AwsEmulator {
    let folder = python::packages(&PACKAGES);
    let mut command = python::server(&folder, &["moto.server", "-H", "127.0.0.1", "-p", "0"]);
    let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
    let place = lines.by_ref().find_map(|line| Some(line.split_once("Running on ")?.1.to_owned()));
    let url = place.unwrap_or_else(|| unreachable!("the AWS emulator does not start"));
    // The emulator logs each request, and would stand still behind a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    AwsEmulator { url: url.trim().to_owned(), _server: server }
}
