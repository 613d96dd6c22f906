//! SendGrid's part of its Signed Event Webhook.

use crate::TestRequest;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

const ADDRESS: &str = "/api/v1/mail-events/sendgrid";
const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// The key pair that SendGrid signs with.
#[derive(Debug)]
pub struct SendgridKey(EcdsaKeyPair);

impl Default for SendgridKey {
    fn default() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }
}

impl SendgridKey {
    /// The verification key, as SendGrid shows it.
    pub fn shown(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().unwrap();
        STANDARD.encode(der.as_ref())
    }

    /// A request with that body, signed at `at`.
    pub fn tell(&self, body: &str, at: Timestamp) -> TestRequest {
        let request = TestRequest::new("POST", ADDRESS).text(body);
        let headers = self.headers(body, at);
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Signs a gateway event that has the headers of a signature; leaves other events as they are.
    pub(crate) fn sign_event(&self, event: &str, at: Timestamp) -> String {
        let mut event: Value = serde_json::from_str(event).unwrap();
        if event["headers"].get(SIGNATURE).is_some() {
            for (name, value) in self.headers(event["body"].as_str().unwrap(), at) {
                event["headers"][name] = json!(value);
            }
        }
        event.to_string()
    }

    fn headers(&self, body: &str, at: Timestamp) -> [(&'static str, String); 2] {
        let timestamp = at.as_second().to_string();
        let signed = [&timestamp, body].concat();
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        [(SIGNATURE, STANDARD.encode(signature)), (TIMESTAMP, timestamp)]
    }
}
