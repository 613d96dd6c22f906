//! AWS Secrets Manager.

use crate::clock::SystemClock;
use crate::deadline::Deadline;
use crate::external::aws::{AwsConnector, Environment, is_failure, plain_code};
use crate::external::{CallError, ExternalCall, Gate, Outcome};
use crate::settings::{BadSettings, BoxFuture, SecretError, SecretStore, Variables};
use crate::validation::Secret;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use std::sync::Arc;
use std::time::Duration;

/// AWS Secrets Manager.
pub struct SecretsManager {
    client: Client,
    gate: Gate,
}

impl std::fmt::Debug for SecretsManager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretsManager")
    }
}

/// The store's answer: a text, or a refusal that the same call would get again.
struct Answer(Result<Secret, SecretError>);

impl Outcome for Answer {
    fn is_failure(&self) -> bool {
        false
    }
}

impl SecretsManager {
    /// The time that a fetch may take, with its one repetition: half of the time that Lambda gives a function to start.
    pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

    /// A client by the variables that Lambda sets. `AWS_ENDPOINT_URL_SECRETS_MANAGER`, else `AWS_ENDPOINT_URL`,
    /// replaces the service's address. Nothing is sent yet.
    pub fn open(variable: &Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings> {
        let aws = Environment::read(variable, "AWS_ENDPOINT_URL_SECRETS_MANAGER")?;
        let gate = Gate::alone(Arc::new(SystemClock));
        Ok(Arc::new(Self { client: Client::new(&aws.sdk(AwsConnector::open()?)), gate }))
    }

    async fn attempt(&self, arn: &str) -> Result<Answer, SecretError> {
        let error = match self.client.get_secret_value().secret_id(arn).send().await {
            Ok(found) => return Ok(Answer(found.secret_string.map(Secret::new).ok_or(SecretError::NoText))),
            Err(error) => error,
        };
        let Some(reply) = error.raw_response() else { return Err(SecretError::NoAnswer) };
        let (status, code) = (reply.status().as_u16(), error.code().and_then(plain_code));
        let refused = SecretError::Refused(code.map_or_else(|| format!("status {status}"), str::to_owned));
        if is_failure(status, code) { Err(refused) } else { Ok(Answer(Err(refused))) }
    }
}

impl SecretStore for SecretsManager {
    fn fetch<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            let (timeout, deadline) = (Self::FETCH_TIMEOUT * 2 / 5, Deadline::within(Self::FETCH_TIMEOUT));
            let call = ExternalCall::new("secretsmanager", "GetSecretValue", timeout, deadline).repeatable(1);
            // The SDK's futures are large: on the heap they are not copied about.
            match self.gate.call(call, || Box::pin(self.attempt(arn))).await {
                Ok(Answer(answer)) => answer,
                Err(CallError::Failed(error)) => Err(error),
                Err(
                    CallError::TimedOut
                    | CallError::BreakerOpen(_)
                    | CallError::Paced(_)
                    | CallError::OutOfTime,
                ) => Err(SecretError::NoAnswer),
            }
        })
    }
}
