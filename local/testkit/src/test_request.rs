use serde_json::{Value, json};
use shared::http::{Request, gateway};
use std::collections::BTreeMap;

/// A request in the making, which becomes a gateway event.
#[derive(Debug, Clone)]
pub struct TestRequest {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    is_base64: bool,
    source: String,
}

impl TestRequest {
    /// A request with any method.
    pub fn new(method: &str, address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: BTreeMap::new(),
            body: None,
            is_base64: false,
            source: "192.0.2.1".to_owned(),
        }
    }

    /// The same from another address of the network.
    #[must_use]
    pub fn from(self, address: &str) -> Self {
        Self { source: address.to_owned(), ..self }
    }

    /// The same at another path.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// `GET`.
    pub fn get(address: &str) -> Self {
        Self::new("GET", address)
    }

    /// `POST` with a JSON body.
    pub fn post(address: &str, body: &Value) -> Self {
        Self::new("POST", address).text(&body.to_string())
    }

    /// `PATCH` with a JSON body.
    pub fn patch(address: &str, body: &Value) -> Self {
        Self::new("PATCH", address).text(&body.to_string())
    }

    /// The request of an event, as an HTTP API sends it.
    pub fn of_event(event: &str) -> Self {
        let event: Value = serde_json::from_str(event).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let headers = event["headers"].as_object().into_iter().flatten();
        Self {
            method: text(&event["requestContext"]["http"]["method"]),
            path: text(&event["rawPath"]),
            query: text(&event["rawQueryString"]),
            headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
            body: event["body"].as_str().map(str::to_owned),
            is_base64: event["isBase64Encoded"] == true,
            source: text(&event["requestContext"]["http"]["sourceIp"]),
        }
    }

    /// A body as it is, said to be JSON.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.header("content-type", "application/json")
    }

    /// A body in base64, as the gateway sends what is not text.
    #[must_use]
    pub fn base64(mut self, body: &str) -> Self {
        self.is_base64 = true;
        self.text(body)
    }

    /// A header, by its lower-case name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Removes that header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The query.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// `Authorization: Bearer`.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The event, as an HTTP API sends it.
    pub fn event(&self) -> String {
        let http = json!({
            "method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": self.source, "userAgent": "test",
        });
        let context = json!({ "routeKey": "$default", "stage": "$default", "http": http });
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path, "rawQueryString": self.query,
            "headers": self.headers, "requestContext": context, "body": self.body, "isBase64Encoded": self.is_base64,
        });
        event.to_string()
    }

    /// The request that a function reads in that event.
    pub fn read(&self) -> Request {
        gateway::read(&self.event()).0
    }
}
