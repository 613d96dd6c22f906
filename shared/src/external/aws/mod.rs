//! The few calls to AWS that functions make. Secrets Manager, SES and S3 have the SDK's clients; SQS has calls of our own,
//! signed by AWS's own signer (`aws-sigv4`). All calls go by the HTTP client that every other call takes, and pass the
//! same gate (decision 9).
//!
//! Region and credentials come from the variables that Lambda sets, their one source there.

mod bucket;
mod call;
mod connector;
pub(crate) mod sqs;

use crate::external::connect::{NetworkScope, SystemResolver};
use crate::external::{Gate, HttpClient};
use crate::settings::{BadSettings, SettingError, Variables};
use aws_credential_types::Credentials;
pub(crate) use bucket::Bucket;
pub(crate) use call::Call;
pub use connector::AwsConnector;
use http::Uri;
use std::sync::Arc;
use std::time::Duration;

/// The most that a reply may have, in bytes: ten messages of a queue have 10 MiB at most, and grow as JSON.
const REPLY_LIMIT: usize = 16 * 1024 * 1024;

/// One service of AWS.
pub(crate) struct Aws {
    http: HttpClient,
    /// E.g. `sqs`.
    service: &'static str,
    region: String,
    credentials: Credentials,
    /// E.g. `https://sqs.sa-east-1.amazonaws.com/`.
    address: Uri,
    /// The time that an attempt may take.
    timeout: Duration,
    gate: Arc<Gate>,
}

/// The caller and the region, by the variables that Lambda sets.
pub(crate) struct Environment {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// The address of an emulator or of a VPC, with the variable that gives it.
    pub(crate) endpoint: Option<(&'static str, String)>,
}

impl Environment {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. The variable
    /// `endpoint`, such as `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`, replaces the service's address, in the
    /// order of the AWS tools.
    pub(crate) fn read(variable: &Variables<'_>, endpoint: &'static str) -> Result<Self, BadSettings> {
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
        let endpoint = [endpoint, "AWS_ENDPOINT_URL"].into_iter().find_map(|key| Some((key, given(key)?)));
        if let Some((key, address)) = &endpoint {
            parsed(key, address)?;
        }
        Ok(Self { region, credentials, endpoint })
    }
}

fn parsed(key: &'static str, address: &str) -> Result<Uri, BadSettings> {
    let address = address.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some());
    let expected = match key {
        "AWS_REGION" => "a region such as eu-west-1",
        _ => "an address such as https://sqs.eu-west-1.amazonaws.com",
    };
    address.ok_or_else(|| BadSettings(vec![(key, SettingError::Expected(expected.into()))]))
}

impl Aws {
    /// Opens the service by the [`Environment`]. Nothing is sent yet.
    pub(crate) fn open(
        service: &'static str,
        endpoint: &'static str,
        variable: &Variables<'_>,
        timeout: Duration,
        gate: Arc<Gate>,
    ) -> Result<Self, BadSettings> {
        let Environment { region, credentials, endpoint } = Environment::read(variable, endpoint)?;
        let (key, address) = endpoint.unwrap_or_else(|| ("AWS_REGION", regional(service, &region)));
        let address = parsed(key, &address)?;
        let http = http_client(key)?;
        Ok(Self { http, service, region, credentials, address, timeout, gate })
    }
}

/// The HTTP client for AWS; an error names the setting `key`.
fn http_client(key: &'static str) -> Result<HttpClient, BadSettings> {
    let http = HttpClient::within(NetworkScope::Anywhere, Arc::new(SystemResolver));
    http.map_err(|error| BadSettings(vec![(key, error)]))
}

/// Whether a refusal is a failure of the service, which may pass in a moment, by the status of the reply and the code
/// of the error. Any other refusal is an answer.
pub(crate) fn is_failure(status: u16, code: Option<&str>) -> bool {
    status >= 500 || code.is_none_or(|code| code.contains("Throttl") || code.starts_with("Internal"))
}

/// The code of an error, if it is one: a service may send anything, and codes go into log lines.
pub(crate) fn plain_code(code: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    ((1..=64).contains(&code.len()) && code.bytes().all(is_plain)).then_some(code)
}

/// The service's address in that region. China's regions have another domain.
fn regional(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{suffix}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_its_own_address() {
        assert_eq!(regional("sqs", "sa-east-1"), "https://sqs.sa-east-1.amazonaws.com/");
        assert_eq!(
            regional("secretsmanager", "cn-north-1"),
            "https://secretsmanager.cn-north-1.amazonaws.com.cn/"
        );
    }

    #[test]
    fn what_is_no_code_does_not_reach_a_log() {
        assert_eq!(
            plain_code("AWS.SimpleQueueService.NonExistentQueue"),
            Some("AWS.SimpleQueueService.NonExistentQueue")
        );
        for other in ["", "a b", "Code\nwith a line", "ana@example.com", &"A".repeat(65)] {
            assert_eq!(plain_code(other), None, "{other}");
        }
    }

    #[test]
    fn what_may_pass_is_a_failure_and_what_lasts_is_an_answer() {
        for passing in [
            (503, None),
            (502, Some("BadGateway")),
            (400, Some("ThrottlingException")),
            (400, Some("RequestThrottled")),
            (400, Some("InternalServiceError")),
            (403, None),
        ] {
            assert!(is_failure(passing.0, passing.1), "{passing:?}");
        }
        for lasting in ["ResourceNotFoundException", "AccessDeniedException"] {
            assert!(!is_failure(400, Some(lasting)), "{lasting}");
        }
    }
}
