//! A request as it came, and what it must have before anything else is looked at.

use crate::Sandbox;
use crate::cards::Card;
use crate::reply::Refusal;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use http::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

/// The version of the protocol that is spoken.
pub(crate) const VERSION: &str = "2026-10-28.endive";

/// The longest idempotency key.
const LONGEST_KEY: usize = 255;

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its method, such as `POST`.
    pub method: String,
    /// Its path, from `/v1/` on and without the query.
    pub path: String,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Its form, or its query, in order. A card token that is no test id is left out.
    pub form: Vec<(String, String)>,
    /// Its `Stripe-Account`.
    pub account: Option<String>,
    /// The status that was answered; none when nothing was.
    pub status: Option<u16>,
}

/// A request with all that decides what it comes to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) account: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) pairs: Vec<(String, String)>,
    authorization: Option<String>,
    version: Option<String>,
    is_form: bool,
}

fn header(headers: &HeaderMap, name: impl http::header::AsHeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl Asked {
    pub(crate) fn read(head: &Parts, body: &Bytes) -> Self {
        let query = head.uri.query().unwrap_or_default().as_bytes();
        let is_posted = head.method == Method::POST;
        let content_type = header(&head.headers, CONTENT_TYPE).unwrap_or_default();
        Self {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            account: header(&head.headers, "stripe-account"),
            key: header(&head.headers, "idempotency-key").filter(|_| is_posted),
            pairs: form_urlencoded::parse(if is_posted { body } else { query }).into_owned().collect(),
            authorization: header(&head.headers, AUTHORIZATION),
            version: header(&head.headers, "stripe-version"),
            is_form: !is_posted
                || body.is_empty()
                || content_type.starts_with("application/x-www-form-urlencoded"),
        }
    }

    /// Refuses what is not addressed as the provider wants it.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let key = self.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        if key != Some(Sandbox::KEY) {
            return Err(unauthorised());
        }
        if self.version.as_deref() != Some(VERSION) {
            return Err(Refusal::invalid(format!("Send the header Stripe-Version: {VERSION}.")));
        }
        if !self.is_form {
            return Err(Refusal::invalid("Send the body as application/x-www-form-urlencoded."));
        }
        if self.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
            return Err(Refusal::invalid("An idempotency key has 1 to 255 characters."));
        }
        Ok(())
    }

    /// What another request under the same key is compared by. It tells nothing of what was sent.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort();
        let mut text = Serializer::new(String::new());
        text.append_pair("", &self.path);
        text.extend_pairs(pairs.into_iter().map(|(name, value)| (name, value)));
        Sha256::digest(text.finish()).into()
    }

    /// The request as it is told.
    pub(crate) fn noted(&self, status: Option<u16>) -> Request {
        let told = |(name, value): &(String, String)| {
            let is_kept = !names_a_card(name) || Card::named(value).is_some();
            (name.clone(), if is_kept { value.clone() } else { "(not kept)".to_owned() })
        };
        Request {
            method: self.method.to_string(),
            path: self.path.clone(),
            idempotency_key: self.key.clone(),
            form: self.pairs.iter().map(told).collect(),
            account: self.account.clone(),
            status,
        }
    }
}

/// Whether the value of that parameter is somebody's card.
fn names_a_card(name: &str) -> bool {
    name == "payment_method" || name.starts_with("payment_method_data[card]")
}

/// The API key is not the sandbox's.
pub(crate) fn unauthorised() -> Refusal {
    Refusal::invalid("Invalid API Key provided.").with_status(StatusCode::UNAUTHORIZED)
}
