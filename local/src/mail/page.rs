//! `/local/mail`: the mails that were sent on this machine. The page is part of the local server alone, which listens
//! on 127.0.0.1; a request under another host's name is refused, so that no other site reads the mails.

use askama::Template;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HOST, HeaderName, REFERRER_POLICY};
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use std::fs;
use std::path::PathBuf;
use uuid::Uuid;

/// The path of the pages.
const ADDRESS: &str = "/local/mail";

/// The number of mails listed, the newest first.
const LISTED: usize = 100;

/// The policy of the pages: no script, no style, nothing from elsewhere; the HTML of a mail in a frame.
const OF_PAGES: &str =
    "default-src 'none'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a mail's HTML: any look, and no action.
const OF_MAILS: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                        base-uri 'none'; frame-ancestors 'self'";

/// The mails of this machine.
#[derive(Debug, Clone)]
pub struct Mails(PathBuf);

/// A line of the list.
struct Line {
    id: Uuid,
    date: String,
    to: String,
    subject: String,
}

#[derive(Template)]
#[template(path = "mails.html")]
struct List {
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    id: Uuid,
    subject: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    text: &'a str,
    attachments: Vec<(String, usize)>,
}

impl Mails {
    /// The mails in that folder.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The answer to a request for one of these pages; none for any other request.
    pub async fn answer(&self, head: &Parts) -> Option<Response<Full<Bytes>>> {
        let rest = head.uri.path().strip_prefix(ADDRESS)?;
        if !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let is_asked = head.method == Method::GET && is_this_machine(&head.headers);
        let (mails, rest) = (self.clone(), rest.to_owned());
        let found = tokio::task::spawn_blocking(move || mails.find(&rest).filter(|_| is_asked)).await;
        Some(
            found
                .ok()
                .flatten()
                .unwrap_or_else(|| reply(StatusCode::NOT_FOUND, TEXT, OF_PAGES, "Not found.\n")),
        )
    }

    fn find(&self, rest: &str) -> Option<Response<Full<Bytes>>> {
        let parts: Vec<&str> = rest.split('/').skip(1).collect();
        match parts.as_slice() {
            [] | [""] => {
                let page = List { lines: self.newest() }.render().ok()?;
                Some(reply(StatusCode::OK, HTML, OF_PAGES, page))
            }
            [id] => self.with(id, |id, mail| {
                let text = mail.body_text(0).unwrap_or_default();
                let page = Page {
                    id,
                    subject: mail.subject().unwrap_or_default(),
                    headers: mail.headers_raw().map(|(name, value)| (name, value.trim())).collect(),
                    text: &text,
                    attachments: attachments(mail),
                };
                Some(reply(StatusCode::OK, HTML, OF_PAGES, page.render().ok()?))
            }),
            [id, "html"] => self.with(id, |_, mail| {
                let html = mail.body_html(0)?.into_owned();
                let mut reply = reply(StatusCode::OK, HTML, OF_MAILS, html);
                reply.headers_mut().insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
                Some(reply)
            }),
            [id, "attachments", number] => self.with(id, |_, mail| {
                let content = mail.attachment(number.parse().ok()?)?.contents().to_vec();
                let mut reply = reply(StatusCode::OK, "application/octet-stream", OF_PAGES, content);
                reply.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
                Some(reply)
            }),
            _ => None,
        }
    }

    /// The result of `show` for the mail of that id.
    fn with<T>(&self, id: &str, show: impl FnOnce(Uuid, &Message<'_>) -> Option<T>) -> Option<T> {
        let id: Uuid = id.parse().ok()?;
        let bytes = fs::read(self.0.join(format!("{id}.eml"))).ok()?;
        show(id, &MessageParser::default().parse(&bytes)?)
    }

    fn newest(&self) -> Vec<Line> {
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let mut ids: Vec<Uuid> = names.filter_map(|name| name.strip_suffix(".eml")?.parse().ok()).collect();
        // An id begins with the time at which it was made.
        ids.sort_unstable_by(|one, other| other.cmp(one));
        let lines = ids
            .iter()
            .take(LISTED)
            .filter_map(|id| self.with(&id.to_string(), |id, mail| Some(line(id, mail))));
        lines.collect()
    }
}

fn line(id: Uuid, mail: &Message<'_>) -> Line {
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
    Line {
        id,
        date: mail.date().map(ToString::to_string).unwrap_or_default(),
        to: to.unwrap_or_default().to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
    }
}

/// The attachments' names and sizes.
fn attachments(mail: &Message<'_>) -> Vec<(String, usize)> {
    let named = |part: &mail_parser::MessagePart<'_>| {
        (part.attachment_name().unwrap_or("attachment").to_owned(), part.contents().len())
    };
    mail.attachments().map(named).collect()
}

/// Whether `Host` names this machine.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost"].contains(&name)
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn reply(
    status: StatusCode,
    content_type: &'static str,
    policy: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let headers: [(HeaderName, &'static str); 6] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
