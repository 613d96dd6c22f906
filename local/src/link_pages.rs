//! Where the links of mails lead on one machine: `/verify-email` confirms an address with one button, `/reset-password`
//! takes a new password, and `/accept-invitation` the one of whoever is invited. Opening a link changes nothing: programs
//! that look through mails open links, too. A deployment has such pages in its own front end, at `PUBLIC_URL`.

use crate::gateway::Gateway;
use crate::page::{HTML, TEXT, is_own_form, is_this_machine, reply, with_forms};
use askama::Template;
use bytes::Bytes;
use form_urlencoded::parse;
use http::header::{ALLOW, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value};
use shared::http::Request;

/// The most bytes of a form: a password has 1024 characters at most, each of up to twelve bytes as a form writes them.
pub(crate) const LARGEST: usize = 16 * 1024;

/// The policy of the pages: no script, no style, nothing from elsewhere, and their forms lead here.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page that the link of a mail leads to.
pub(crate) struct LinkPage {
    /// The path, as the link has it.
    address: &'static str,
    title: &'static str,
    text: &'static str,
    button: &'static str,
    /// What the form's field for a password is called; none without one.
    password: Option<&'static str>,
    /// The endpoint that takes what the form has, as a front end would send it.
    endpoint: &'static str,
    done_title: &'static str,
    done_text: &'static str,
}

const PAGES: [LinkPage; 3] = [
    LinkPage {
        address: "/verify-email",
        title: "Confirm your e-mail address",
        text: "Was it you who signed up with this e-mail address?",
        button: "Confirm",
        password: None,
        endpoint: "/api/v1/auth/verify-email",
        done_title: "Your e-mail address is confirmed",
        done_text: "It is known to be yours from now on. You can close this page.",
    },
    LinkPage {
        address: "/reset-password",
        title: "Choose a new password",
        text: "It has 8 characters or more, and is none that others would try first.",
        button: "Change the password",
        password: Some("New password"),
        endpoint: "/api/v1/auth/password-resets/confirm",
        done_title: "Your password is changed",
        done_text: "You are signed out everywhere: sign in with the new password. You can close this page.",
    },
    LinkPage {
        address: "/accept-invitation",
        title: "Join the clinic",
        text: "Choose a password of 8 characters or more. If you have an account with this address, give its password.",
        button: "Accept the invitation",
        password: Some("Password"),
        endpoint: "/api/v1/auth/invitations/accept",
        done_title: "You are a member of the clinic",
        done_text: "Sign in with your address and this password. You can close this page.",
    },
];

#[derive(Template)]
#[template(path = "link.html")]
struct Shown<'a> {
    page: &'a LinkPage,
    title: &'a str,
    text: &'a str,
    /// The token that the form sends; no form without one.
    token: Option<&'a str>,
}

/// The page that a request is for.
pub(crate) fn asked(head: &Parts) -> Option<&'static LinkPage> {
    PAGES.iter().find(|page| page.address == head.uri.path())
}

/// Where the QR code of a receipt leads: to what the endpoint says of its code.
pub(crate) fn receipt(head: &Parts) -> Option<Response<Full<Bytes>>> {
    let code =
        field(head.uri.query()?.as_bytes(), "code").filter(|_| head.uri.path() == "/verify-receipt")?;
    let is_plain = code.bytes().all(|letter| letter.is_ascii_alphanumeric());
    let address =
        HeaderValue::try_from(format!("/api/v1/receipts/verify/{code}")).ok().filter(|_| is_plain)?;
    let mut led = reply(StatusCode::SEE_OTHER, TEXT, POLICY, "");
    led.headers_mut().insert(LOCATION, address);
    Some(led)
}

impl LinkPage {
    /// The page, or what has come of its form.
    pub(crate) async fn answer(
        &self,
        gateway: &Gateway,
        head: &Parts,
        form: &[u8],
        client: String,
    ) -> Response<Full<Bytes>> {
        if !is_this_machine(&head.headers) {
            return reply(StatusCode::NOT_FOUND, TEXT, POLICY, "Not found.\n");
        }
        match head.method {
            Method::GET | Method::HEAD => self.open(head.uri.query().unwrap_or_default()),
            Method::POST if !is_own_form(&head.headers) => {
                reply(StatusCode::FORBIDDEN, TEXT, POLICY, "The form is of another site.\n")
            }
            Method::POST if form.len() > LARGEST => {
                reply(StatusCode::PAYLOAD_TOO_LARGE, TEXT, POLICY, "The form is too long.\n")
            }
            Method::POST => self.send(gateway, form, client).await,
            _ => {
                let mut refused = reply(
                    StatusCode::METHOD_NOT_ALLOWED,
                    TEXT,
                    POLICY,
                    "Open the link, then press its button.\n",
                );
                refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
                refused
            }
        }
    }

    /// The page with its form, for the token of the link.
    fn open(&self, query: &str) -> Response<Full<Bytes>> {
        let token = field(query.as_bytes(), "token");
        let (status, text) = match token {
            Some(_) => (StatusCode::OK, self.text),
            None => (StatusCode::BAD_REQUEST, "This link has no token. Take it as it stands in the mail."),
        };
        self.show(status, self.title, text, token.as_deref())
    }

    /// Does what the form asks for, by the endpoint that a front end would call, and shows what it answered. A password that
    /// is refused can be chosen anew.
    async fn send(&self, gateway: &Gateway, form: &[u8], client: String) -> Response<Full<Bytes>> {
        let token = field(form, "token");
        let answered = gateway.pass(self.request(form, client)).await;
        if answered.status.is_success() {
            return self.show(StatusCode::OK, self.done_title, self.done_text, None);
        }
        let problem: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let said = |member| problem.get(member).and_then(Value::as_str).unwrap_or("It did not work");
        let token = token.filter(|_| self.password.is_some() && is_of_the_password(&problem));
        self.show(answered.status, said("title"), said("detail"), token.as_deref())
    }

    /// What a front end would send of this form.
    fn request(&self, form: &[u8], client: String) -> Request {
        let names: &[&str] = if self.password.is_some() { &["token", "password"] } else { &["token"] };
        let body: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), field(form, name).unwrap_or_default().into()))
            .collect();
        Request {
            method: Method::POST,
            path: self.endpoint.to_owned(),
            query: String::new(),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            cookies: Vec::new(),
            body: Some(Bytes::from(Value::Object(body).to_string())),
            gateway_id: None,
            source_address: client,
        }
    }

    fn show(
        &self,
        status: StatusCode,
        title: &str,
        text: &str,
        token: Option<&str>,
    ) -> Response<Full<Bytes>> {
        match (Shown { page: self, title, text, token }).render() {
            Ok(html) => with_forms(reply(status, HTML, POLICY, html)),
            Err(_) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, POLICY, "The page cannot be made.\n"),
        }
    }
}

/// Whether a problem is of nothing but the password.
fn is_of_the_password(problem: &Value) -> bool {
    let details = problem.pointer("/error/details").and_then(Value::as_array);
    details.is_some_and(|details| {
        !details.is_empty()
            && details.iter().all(|detail| detail.get("pointer").and_then(Value::as_str) == Some("/password"))
    })
}

/// That field of a query or of a form; none for an empty one.
fn field(pairs: &[u8], name: &str) -> Option<String> {
    let value = parse(pairs).find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    value.filter(|value| !value.is_empty())
}
