//! AWS Secrets Manager, by the SDK's client.

use super::{BoxFuture, Secret, SecretError, SecretStore};
use crate::aws::Aws;
use crate::settings::{BadSettings, Variables};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Config;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use std::sync::Arc;
use std::time::Duration;

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

    /// A client made from the variables that Lambda sets. `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`, leads elsewhere.
    /// Nothing is sent yet.
    pub fn open(variable: &Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings> {
        let aws = Aws::read(variable, "AWS_ENDPOINT_URL_SECRETS_MANAGER")?;
        let mut config = Config::builder()
            .region(aws.region)
            .credentials_provider(aws.credentials)
            .timeout_config(timeouts())
            .retry_config(
                RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(100)),
            );
        if let Some(endpoint) = aws.endpoint {
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
