//! `/verify-email`: where the link of the first mail leads on one machine, a page that confirms the address with one
//! button. Opening the link changes nothing: programs that look through mails open links, too. A deployment has such a
//! page in its own front end, at `PUBLIC_URL`.

use crate::gateway::Gateway;
use crate::page::{HTML, TEXT, is_this_machine, reply};
use askama::Template;
use bytes::Bytes;
use form_urlencoded::parse;
use http::header::{ALLOW, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use shared::http::Request;

/// The path of the page, as the link in the mail has it.
const ADDRESS: &str = "/verify-email";

/// The most bytes of a form: a token has 255 characters at most.
pub(crate) const LARGEST: usize = 4096;

/// The policy of the page: no script, no style, nothing from elsewhere, and its form leads here.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page<'a> {
    title: &'a str,
    text: &'a str,
    /// The token of the button's form; no button without one.
    token: Option<&'a str>,
}

/// Whether a request is for the page.
pub(crate) fn is_asked(head: &Parts) -> bool {
    head.uri.path() == ADDRESS
}

/// The page, or what has come of its button.
pub(crate) async fn answer(
    gateway: &Gateway,
    head: &Parts,
    form: &[u8],
    client: String,
) -> Response<Full<Bytes>> {
    if !is_this_machine(&head.headers) {
        return reply(StatusCode::NOT_FOUND, TEXT, POLICY, "Not found.\n");
    }
    match head.method {
        Method::GET | Method::HEAD => {
            let token = token_in(head.uri.query().unwrap_or_default().as_bytes());
            let (status, text) = match token {
                Some(_) => (StatusCode::OK, "Was it you who signed up with this e-mail address?"),
                None => {
                    (StatusCode::BAD_REQUEST, "This link has no token. Take it as it stands in the mail.")
                }
            };
            page(status, &Page { title: "Confirm your e-mail address", text, token: token.as_deref() })
        }
        Method::POST if is_own_form(&head.headers) => confirm(gateway, form, client).await,
        Method::POST => reply(StatusCode::FORBIDDEN, TEXT, POLICY, "The form is of another site.\n"),
        _ => {
            let mut refused =
                reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, POLICY, "Open the link, then confirm.\n");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            refused
        }
    }
}

/// Does what the button says, by the endpoint that a front end would call, and shows what it answered.
async fn confirm(gateway: &Gateway, form: &[u8], client: String) -> Response<Full<Bytes>> {
    let body = json!({ "token": token_in(form).unwrap_or_default() }).to_string();
    let request = Request {
        method: Method::POST,
        path: "/api/v1/auth/verify-email".to_owned(),
        query: String::new(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        cookies: Vec::new(),
        body: Some(Bytes::from(body)),
        gateway_id: None,
        source_address: client,
    };
    let answered = gateway.pass(request).await;
    if answered.status.is_success() {
        let text = "It is known to be yours from now on. You can close this page.";
        return page(answered.status, &Page { title: "Your e-mail address is confirmed", text, token: None });
    }
    let problem: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let said = |member| problem.get(member).and_then(Value::as_str).unwrap_or("It did not work");
    page(answered.status, &Page { title: said("title"), text: said("detail"), token: None })
}

fn page(status: StatusCode, page: &Page<'_>) -> Response<Full<Bytes>> {
    match page.render() {
        Ok(html) => {
            let mut page = reply(status, HTML, POLICY, html);
            // Without a referrer at all, a browser would hide where the form is from.
            page.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
            page
        }
        Err(_) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, POLICY, "The page cannot be made.\n"),
    }
}

/// The token of a query or of a form; none for an empty one.
fn token_in(pairs: &[u8]) -> Option<String> {
    let token = parse(pairs).find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    token.filter(|token| !token.is_empty())
}

/// Whether a form was sent by a page of this server. Browsers say where a form is from; programs need not.
fn is_own_form(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
}
