//! The payment provider on one machine: a sandbox that speaks Stripe's protocol at an address of its own, takes no money, and
//! shows at `/local/payments` what it charged. Where `STRIPE_SECRET_KEY` is given, the program talks to the real one.

use crate::gateway::Gateway;
use crate::page::{HTML, TEXT, is_own_form, is_this_machine, reply, with_forms};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use payment_sandbox::{Delivery, Listening, Sandbox};
use shared::clock::{Clock as _, SystemClock};
use shared::http::Request;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// The path of the page.
const ADDRESS: &str = "/local/payments";

/// The policy of the page: no script, its own look and its own buttons, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The secret with which the sandbox signs its events; it is no secret, and good on this machine alone.
const WEBHOOK_SECRET: &str = "whsec_of_the_sandbox_on_this_machine";

/// How often the sandbox's events are delivered.
const LOOK: Duration = Duration::from_secs(1);

/// The sandbox, which listens until this is dropped.
#[derive(Debug)]
pub struct Payments {
    sandbox: Sandbox,
    listening: Listening,
}

impl Payments {
    /// A sandbox at a free port of this machine.
    pub async fn start() -> std::io::Result<Self> {
        let sandbox = Sandbox::new(Arc::new(|| SystemClock.now()), WEBHOOK_SECRET);
        let listening = sandbox.clone().listen().await?;
        Ok(Self { sandbox, listening })
    }

    /// The setting's value for functions that take cards by this sandbox.
    pub fn setting(&self, key: &str) -> Option<String> {
        match key {
            "STRIPE_URL" => Some(self.listening.url()),
            "STRIPE_SECRET_KEY" => Some(Sandbox::KEY.to_owned()),
            "STRIPE_WEBHOOK_SECRETS" => Some(WEBHOOK_SECRET.to_owned()),
            _ => None,
        }
    }

    /// The page, if the request asks for it, or for what its buttons do, by `POST …/{id}/{button}`: `paid` and `failed` end a
    /// payment that waits, as its customer would; `refunded` and `disputed` are what others do at the provider; `arrived` and
    /// `returned` are about a refund, `won` and `lost` about a dispute.
    pub(crate) fn answer(&self, head: &Parts) -> Option<Response<Full<Bytes>>> {
        let below = head.uri.path().strip_prefix(ADDRESS)?;
        let parts: Vec<&str> = below.split('/').collect();
        let pressed = match parts.as_slice() {
            [""] => None,
            ["", id, button] => Some((*id, *button)),
            _ => return None,
        };
        let refused = |status, text: &'static str| Some(reply(status, TEXT, POLICY, text));
        if !is_this_machine(&head.headers) {
            return refused(StatusCode::FORBIDDEN, "Ask at 127.0.0.1 or localhost.\n");
        }
        match (&head.method, pressed) {
            (&Method::GET, None) => {
                Some(with_forms(reply(StatusCode::OK, HTML, POLICY, self.sandbox.page())))
            }
            (&Method::POST, Some(_)) if !is_own_form(&head.headers) => {
                refused(StatusCode::FORBIDDEN, "Use the buttons of /local/payments.\n")
            }
            (&Method::POST, Some((id, button))) if self.sandbox.press(id, button) => {
                let mut back = reply(StatusCode::SEE_OTHER, TEXT, POLICY, "See /local/payments.\n");
                back.headers_mut().insert(LOCATION, HeaderValue::from_static(ADDRESS));
                Some(back)
            }
            (&Method::POST, Some(_)) => refused(StatusCode::NOT_FOUND, "There is no such thing to do.\n"),
            _ => refused(StatusCode::METHOD_NOT_ALLOWED, "Read the page, or use its buttons.\n"),
        }
    }

    /// Hands the sandbox's events to the function that takes them, until the handle is aborted. What is refused comes again.
    pub fn deliver(&self, gateway: Arc<Gateway>) -> AbortHandle {
        let sandbox = self.sandbox.clone();
        let delivering = async move {
            loop {
                sandbox.deliver(|delivery| take(&gateway, delivery)).await;
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::spawn(delivering).abort_handle()
    }
}

/// Whether the function took the event.
async fn take(gateway: &Gateway, delivery: Delivery) -> bool {
    let Ok(signature) = HeaderValue::try_from(delivery.signature) else { return false };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("stripe-signature"), signature),
    ];
    let request = Request {
        method: Method::POST,
        path: "/api/v1/webhooks/stripe".to_owned(),
        query: String::new(),
        headers: HeaderMap::from_iter(headers),
        cookies: Vec::new(),
        body: Some(delivery.body.into()),
        gateway_id: None,
        source_address: "127.0.0.1".to_owned(),
    };
    gateway.pass(request).await.status.is_success()
}
