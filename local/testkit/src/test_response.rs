use crate::canary::assert_none_in;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use shared::http::Response;
use shared::http::gateway::{Format, GatewayReply};
use std::collections::BTreeMap;
use std::io::Read as _;

/// A reply, read as a client reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResponse {
    /// The status.
    pub status: u16,
    /// The body as text, unpacked; bytes that are no text are replaced.
    pub text: String,
    /// The body as it was sent.
    pub body: Vec<u8>,
    /// The body as JSON; null for a body that is none.
    pub json: Value,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
}

impl From<Response> for TestResponse {
    /// By way of what an HTTP API is sent.
    fn from(response: Response) -> Self {
        Self::of(&serde_json::to_value(GatewayReply::of(response, Format::Http)).unwrap())
    }
}

impl TestResponse {
    /// What a built function answered to the event of an HTTP API.
    pub fn of_function(reply: &str) -> Self {
        Self::of(&serde_json::from_str(reply).unwrap())
    }

    fn of(reply: &Value) -> Self {
        let status = reply["statusCode"].as_u64().unwrap().try_into().unwrap();
        let headers: BTreeMap<String, String> = serde_json::from_value(reply["headers"].clone()).unwrap();
        let cookies = serde_json::from_value(reply["cookies"].clone()).unwrap_or_default();
        let body = reply["body"].as_str().unwrap();
        let body = if reply["isBase64Encoded"] == true {
            STANDARD.decode(body).unwrap()
        } else {
            body.as_bytes().to_vec()
        };
        let text = String::from_utf8_lossy(&unpacked(&headers, &body)).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status >= 400 {
            assert_none_in("a problem document", &text);
        }
        Self { status, text, body, json, headers, cookies }
    }
}

/// The body without its coding.
fn unpacked(headers: &BTreeMap<String, String>, body: &[u8]) -> Vec<u8> {
    if headers.get("content-encoding").is_none_or(|coding| coding != "gzip") {
        return body.to_vec();
    }
    let mut bytes = Vec::new();
    GzDecoder::new(body).read_to_end(&mut bytes).unwrap();
    bytes
}

impl TestResponse {
    /// A header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The value of a cookie that is set, and what is said of it behind the value.
    pub fn cookie(&self, name: &str) -> Option<(&str, &str)> {
        let found = self.cookies.iter().find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))?;
        Some(found.split_once("; ").unwrap_or((found, "")))
    }

    /// All headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `data`, of a reply that must be a success.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.json["success"], true, "{} {}", self.status, self.text);
        &self.json["data"]
    }

    /// `error.code`, of a reply that must be a problem document.
    #[track_caller]
    pub fn code(&self) -> &str {
        assert_eq!(self.json["success"], false, "{} {}", self.status, self.text);
        self.json["error"]["code"].as_str().unwrap()
    }

    /// Status and code.
    #[track_caller]
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.code())
    }

    /// The `(pointer, code)` pairs of `error.details`, in order.
    #[track_caller]
    pub fn details(&self) -> Vec<(&str, &str)> {
        let details = self.json["error"]["details"].as_array().unwrap();
        details
            .iter()
            .map(|detail| (detail["pointer"].as_str().unwrap(), detail["code"].as_str().unwrap()))
            .collect()
    }
}
