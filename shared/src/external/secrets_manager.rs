//! AWS Secrets Manager.

use crate::clock::SystemClock;
use crate::deadline::Deadline;
use crate::external::Gate;
use crate::external::aws::{Aws, AwsError, Call};
use crate::settings::{BadSettings, BoxFuture, SecretError, SecretStore, Variables};
use crate::validation::Secret;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// AWS Secrets Manager.
pub struct SecretsManager {
    aws: Aws,
}

impl std::fmt::Debug for SecretsManager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretsManager")
    }
}

/// The part of a reply that is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    secret_string: Option<String>,
}

impl SecretsManager {
    /// What a fetch may take, its one repetition included: half of what Lambda gives a function to start.
    pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

    /// A client made from the variables that Lambda sets. `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`,
    /// leads elsewhere. Nothing is sent yet.
    pub fn open(variable: &Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings> {
        let limit = Self::FETCH_TIMEOUT * 2 / 5;
        let gate = Arc::new(Gate::alone(Arc::new(SystemClock)));
        let aws = Aws::open("secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", variable, limit, gate)?;
        Ok(Arc::new(Self { aws }))
    }
}

impl SecretStore for SecretsManager {
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            let call = Call {
                target: "secretsmanager.GetSecretValue",
                content_type: "application/x-amz-json-1.1",
                body: json!({ "SecretId": arn }),
            };
            match self.aws.call::<Found>(&call, Deadline::within(Self::FETCH_TIMEOUT)).await {
                Ok(found) => found.secret_string.map(Secret::new).ok_or(SecretError::NoText),
                Err(AwsError::Refused(code)) => Err(SecretError::Refused(code)),
                Err(AwsError::NoAnswer | AwsError::NotAsked) => Err(SecretError::NoAnswer),
            }
        })
    }
}
