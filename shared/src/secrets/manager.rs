//! AWS Secrets Manager, by the SDK's client.
//!
//! The SDK's chain of credential sources is left out. On Lambda the environment is the one source there is; the chain
//! would add a megabyte to every function and more places to look in at start.

use super::{BoxFuture, Secret, SecretError, SecretStore};
use crate::settings::{BadSettings, SettingError, Variables};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Config, Credentials, Region};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use std::sync::Arc;
use std::time::Duration;

/// The endpoint of an emulator or of a VPC, in the order in which the AWS tools look.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];

/// AWS Secrets Manager.
pub struct SecretsManager {
    client: Client,
}

impl std::fmt::Debug for SecretsManager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretsManager")
    }
}

impl SecretsManager {
    /// What a fetch may take, its one repetition included: half of what Lambda gives a function to start.
    pub const FETCH_LIMIT: Duration = Duration::from_secs(5);

    /// A client made from the variables that Lambda sets: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`
    /// and `AWS_SESSION_TOKEN`. `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`, leads elsewhere.
    /// Nothing is sent yet.
    pub fn open(variable: &Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings> {
        let given = |key| variable(key).filter(|value| !value.is_empty());
        let mut missing = Vec::new();
        let mut required = |key| {
            given(key).unwrap_or_else(|| {
                missing.push((key, SettingError::Missing));
                String::new()
            })
        };
        let region = required("AWS_REGION");
        let (id, key) = (required("AWS_ACCESS_KEY_ID"), required("AWS_SECRET_ACCESS_KEY"));
        if !missing.is_empty() {
            return Err(BadSettings(missing));
        }
        let credentials = Credentials::new(id, key, given("AWS_SESSION_TOKEN"), None, "environment");
        let mut config = Config::builder()
            .region(Region::new(region))
            .credentials_provider(credentials)
            .timeout_config(timeouts())
            .retry_config(
                RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(100)),
            );
        if let Some((key, endpoint)) = ENDPOINTS.into_iter().find_map(|key| Some((key, given(key)?))) {
            let address = endpoint.parse::<http::Uri>().ok().filter(|uri| uri.scheme().is_some());
            address.ok_or_else(|| BadSettings(vec![(key, SettingError::Malformed)]))?;
            config = config.endpoint_url(endpoint);
        }
        Ok(Arc::new(Self { client: Client::from_conf(config.build()) }))
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(SecretsManager::FETCH_LIMIT)
        .build()
}

impl SecretStore for SecretsManager {
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            match self.client.get_secret_value().secret_id(arn).send().await {
                Ok(found) => found.secret_string.map(Secret::new).ok_or(SecretError::NoText),
                Err(error @ (SdkError::ServiceError(_) | SdkError::ResponseError(_))) => {
                    Err(SecretError::Refused(error.code().unwrap_or("an error without a code").to_owned()))
                }
                Err(_) => Err(SecretError::NoAnswer),
            }
        })
    }
}
