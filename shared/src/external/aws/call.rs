//! One call: JSON to the service's one address, the operation in a header (the protocol awsJson of Smithy).

use super::{Aws, REPLY_LIMIT, is_failure, plain_code};
use crate::clock::{Clock as _, SystemClock};
use crate::deadline::Deadline;
use crate::external::{CallError, ExternalCall, HttpReply, Outcome};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::SystemTime;

/// A call of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// E.g. `AmazonSQS.SendMessage`.
    pub(crate) target: &'static str,
    /// `application/x-amz-json-1.0` or `-1.1`.
    pub(crate) content_type: &'static str,
    /// The parameters.
    pub(crate) body: Value,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AwsError {
    /// The service did not answer, or not in time.
    #[error("no answer")]
    NoAnswer,
    /// The service was not called: it failed too often lately, or there was no time left.
    #[error("not asked")]
    NotAsked,
    /// The service refused, with the code of its error.
    #[error("{0}")]
    Refused(String),
}

/// A service's answer: a result, or a refusal that the same call would get again.
struct Answer<T>(Result<T, AwsError>);

impl<T> Outcome for Answer<T> {
    fn is_failure(&self) -> bool {
        false
    }
}

/// A service's error. Its message may carry parameters of the call, and is not read.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
}

impl Aws {
    /// Makes the call, within the deadline; once more when the service fails, throttles or does not answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        call: &Call,
        deadline: Deadline,
    ) -> Result<T, AwsError> {
        let operation = call.target.rsplit('.').next().unwrap_or(call.target);
        let external = ExternalCall::new(self.service, operation, self.timeout, deadline).repeatable(1);
        match self.gate.call(external, || self.attempt(call)).await {
            Ok(Answer(answer)) => answer,
            Err(CallError::Failed(error)) => Err(error),
            Err(CallError::TimedOut) => Err(AwsError::NoAnswer),
            Err(CallError::BreakerOpen(_) | CallError::Paced(_) | CallError::OutOfTime) => {
                Err(AwsError::NotAsked)
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, call: &Call) -> Result<Answer<T>, AwsError> {
        let request = self.signed(call, SystemClock.now().into()).ok_or(AwsError::NoAnswer)?;
        let reply = self.http.send(request, REPLY_LIMIT).await.map_err(|_| AwsError::NoAnswer)?;
        if !reply.status.is_success() {
            let (status, code) = (reply.status.as_u16(), code(&reply));
            let has_failed = is_failure(status, code.as_deref());
            let refused = AwsError::Refused(code.unwrap_or_else(|| format!("status {status}")));
            return if has_failed { Err(refused) } else { Ok(Answer(Err(refused))) };
        }
        let result = serde_json::from_slice(&reply.body);
        Ok(Answer(result.map_err(|_| AwsError::Refused("a reply without sense".to_owned()))))
    }

    /// The signed request (AWS Signature Version 4).
    fn signed(&self, call: &Call, at: SystemTime) -> Option<Request<Bytes>> {
        let body = Bytes::from(call.body.to_string());
        let mut request = Request::new(body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.address.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(call.content_type));
        headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(call.target));
        let uri = self.address.to_string();
        let headers = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new("POST", &uri, headers, SignableBody::Bytes(&body)).ok()?;
        let identity = self.credentials.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(at)
            .settings(SigningSettings::default())
            .build()
            .ok()?;
        let (instructions, _) = sign(signable, &parameters.into()).ok()?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Some(request)
    }
}

/// The code of an error, if there is one, without the namespace that some services put before it.
fn code(reply: &HttpReply) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
    let code = refusal.kind.rsplit('#').next().unwrap_or_default();
    plain_code(code).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn reply(status: u16, body: &'static str) -> HttpReply {
        let status = StatusCode::from_u16(status).unwrap();
        HttpReply { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn an_error_has_the_code_that_the_service_gives_it() {
        let spaced = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"canary"}"#;
        assert_eq!(code(&reply(400, spaced)).as_deref(), Some("QueueDoesNotExist"));
        let bare = r#"{"__type":"AccessDeniedException"}"#;
        assert_eq!(code(&reply(400, bare)).as_deref(), Some("AccessDeniedException"));
        assert_eq!(code(&reply(502, "<html>")), None);
    }
}
