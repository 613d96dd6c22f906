//! The HTTP client of the SDK's clients: the one that every other call takes, so that a function has one HTTP client.

use super::{Environment, REPLY_LIMIT, http_client};
use crate::external::HttpClient;
use crate::settings::BadSettings;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient as SdkHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;

/// The HTTP client for a client of the SDK. It has no time-outs of its own: the gate of the call ends attempts.
///
/// The feature `default-https-client` links the SDK's own HTTP client into a function, used or not; only the test kit
/// may enable it (`local/tests/rules/packages.rs`).
#[derive(Debug, Clone)]
pub struct AwsConnector(HttpClient);

impl AwsConnector {
    /// A connector with a new HTTP client. Nothing is sent yet.
    pub fn open() -> Result<Self, BadSettings> {
        http_client("AWS_REGION").map(Self)
    }

    /// A connector with that HTTP client.
    pub(crate) fn over(http: &HttpClient) -> Self {
        Self(http.clone())
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        let body = body.bytes().map(Bytes::copy_from_slice);
        let body = body.ok_or_else(|| ConnectorError::user("a body that is not in memory".into()))?;
        let reply = self.0.send(http::Request::from_parts(head, body), REPLY_LIMIT).await;
        let reply = reply.map_err(|error| ConnectorError::io(error.into()))?;
        let mut response = http::Response::new(reply.body.into());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl Environment {
    /// How a function's clients of the SDK are configured. The gate, and not the SDK, repeats, ends and counts attempts.
    pub(crate) fn sdk(self, connector: AwsConnector) -> SdkConfig {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(connector)
            .region(Region::new(self.region))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        match self.endpoint {
            Some((_, endpoint)) => config.endpoint_url(endpoint).build(),
            None => config.build(),
        }
    }
}

impl HttpConnector for AwsConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl SdkHttpClient for AwsConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
