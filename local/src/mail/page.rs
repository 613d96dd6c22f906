//! `/local/mail`: the mails that were sent on this machine. The page is part of the local server alone, which listens
//! on 127.0.0.1; a request under another host's name is refused, so that no other site reads the mails.

use crate::page::{HTML, TEXT, is_this_machine, reply};
use askama::Template;
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, X_FRAME_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
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

/// The policy of a mail's HTML: any look, and no action but that a link opens a page of its own.
const OF_MAILS: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
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
    text: Vec<Word<'a>>,
    attachments: Vec<(String, usize)>,
}

/// A piece of a mail's text.
enum Word<'a> {
    /// An address, to be opened.
    Link(&'a str),
    /// Anything else.
    Plain(&'a str),
}

/// The text in pieces, so that addresses in it can be opened.
fn words(text: &str) -> Vec<Word<'_>> {
    let pieces = text.split_inclusive(char::is_whitespace).flat_map(|piece| {
        let word = piece.trim_end();
        let (word, blanks) = piece.split_at_checked(word.len()).unwrap_or((piece, ""));
        let is_link = word.starts_with("http://") || word.starts_with("https://");
        [if is_link { Word::Link(word) } else { Word::Plain(word) }, Word::Plain(blanks)]
    });
    pieces.collect()
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
        let is_read = [Method::GET, Method::HEAD].contains(&head.method);
        let is_asked = is_read && is_this_machine(&head.headers);
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
                    text: words(&text),
                    attachments: attachments(mail),
                };
                Some(reply(StatusCode::OK, HTML, OF_PAGES, page.render().ok()?))
            }),
            [id, "html"] => self.with(id, |_, mail| {
                let html = format!("<base target=\"_blank\">{}", mail.body_html(0)?);
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
