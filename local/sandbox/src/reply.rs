//! What is answered, how, and what of it is kept under the request's idempotency key.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use std::time::Duration;

/// A whole reply.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) content_type: &'static str,
    pub(crate) location: Option<&'static str>,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
        Self { status, body, content_type: "application/json", location: None }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(location) = self.location {
            response.headers_mut().insert(LOCATION, HeaderValue::from_static(location));
        }
        response
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    AtOnce(Reply),
    /// A reply that was kept under the key.
    Again(Reply),
    /// After [`LATE`].
    Late(Reply),
    /// Half of the body.
    Half(Reply),
    /// The connection closes without a byte.
    Lost,
    /// The connection stays open without a byte for [`SILENCE`], and closes.
    Silent,
}

/// How late an answer is that comes after its event.
pub(crate) const LATE: Duration = Duration::from_millis(1500);

/// How long nothing is answered.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

impl Sent {
    /// The status that the client sees.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::AtOnce(reply) | Self::Again(reply) | Self::Late(reply) | Self::Half(reply) => {
                Some(reply.status.as_u16())
            }
            Self::Lost | Self::Silent => None,
        }
    }
}

/// What is kept under the request's idempotency key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// The reply that a repetition gets.
    pub(crate) reply: Option<Reply>,
    /// How long the key is in use.
    pub(crate) busy: Option<Duration>,
}

/// What a request comes to.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) sent: Sent,
    pub(crate) kept: Kept,
}

impl Answer {
    /// Answered at once, and again when the request is repeated.
    pub(crate) fn kept(reply: Reply) -> Self {
        Self { kept: Kept { reply: Some(reply.clone()), busy: None }, sent: Sent::AtOnce(reply) }
    }

    /// Nothing ran, and nothing is kept.
    pub(crate) fn passing(sent: Sent) -> Self {
        Self { sent, kept: Kept::default() }
    }

    /// The same is kept, but the request is answered otherwise, if it is answered.
    pub(crate) fn but(self, sent: impl FnOnce(Reply) -> Sent) -> Self {
        match self.sent {
            Sent::AtOnce(reply) | Sent::Again(reply) | Sent::Late(reply) | Sent::Half(reply) => {
                Self { sent: sent(reply), ..self }
            }
            Sent::Lost | Sent::Silent => self,
        }
    }
}

/// A request that is refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) decline_code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) payment_intent: Option<Box<Value>>,
    /// Whether something ran before it was refused, so that the refusal is kept under the key.
    pub(crate) has_run: bool,
}

impl Refusal {
    /// An `invalid_request_error`, 400, before anything ran.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            decline_code: None,
            message: message.into(),
            param: None,
            payment_intent: None,
            has_run: false,
        }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn with_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(crate) fn about(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn with_intent(self, intent: Value) -> Self {
        Self { payment_intent: Some(Box::new(intent)), ..self }
    }

    pub(crate) fn after_it_ran(self) -> Self {
        Self { has_run: true, ..self }
    }

    /// There is no such object.
    pub(crate) fn missing(what: &str, id: &str, param: &str) -> Self {
        Self::invalid(format!("No such {what}: '{id}'")).with_code("resource_missing").about(param)
    }

    /// The members of `error`; those that have no value are left out, as the provider does.
    pub(crate) fn error(&self) -> Value {
        let members = json!({
            "type": self.kind,
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
            "param": self.param,
            "payment_intent": self.payment_intent,
        });
        match members {
            Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            other => other,
        }
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(self.status, &json!({ "error": self.error() }))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let reply = refusal.reply();
        if refusal.has_run { Self::kept(reply) } else { Self::passing(Sent::AtOnce(reply)) }
    }
}
