//! SendGrid, version 3 of its API: the one call that sends a mail.

use super::message::address;
use super::{
    Answered, Letter, MAIL_REFUSED, MAIL_TOO_LARGE, MailGateway, ProviderId, Sender, TIMEOUT, Unsent, settle,
};
use crate::deadline::Deadline;
use crate::external::{ExternalCall, ExternalCalls, HttpReply};
use crate::settings::SettingError;
use crate::validation::{Secret, Text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode, Uri};
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// The most bytes of a reply that are read: an error has a few words.
const REPLY: usize = 64 * 1024;

/// SendGrid's address, unless `SENDGRID_URL` is given.
pub(super) const SENDGRID: &str = "https://api.sendgrid.com";

/// SendGrid.
pub struct SendGrid {
    url: Uri,
    authorization: Secret,
    from: Sender,
    external: Arc<ExternalCalls>,
}

impl std::fmt::Debug for SendGrid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SendGrid")
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    personalizations: [Personalization<'a>; 1],
    from: Who<'a>,
    subject: &'a str,
    content: [Content<'a>; 2],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    headers: Headers,
    custom_args: Tags,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: [Who<'a>; 1],
}

#[derive(Serialize)]
struct Who<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    content: String,
    r#type: &'a str,
    filename: &'a str,
    disposition: &'static str,
}

#[derive(Serialize)]
struct Headers {
    #[serde(rename = "Message-ID")]
    message_id: String,
}

/// The tags of a mail, which SendGrid's events carry back.
#[derive(Serialize)]
struct Tags {
    clinic: Uuid,
    mail: Uuid,
}

impl SendGrid {
    /// A client of the API at `url` with that key. Nothing is sent yet.
    pub fn open(
        url: &str,
        key: &Secret,
        from: Sender,
        external: Arc<ExternalCalls>,
    ) -> Result<Self, SettingError> {
        let url = format!("{}/v3/mail/send", url.trim_end_matches('/')).parse::<Uri>();
        let url = url.ok().filter(|url| url.scheme().is_some()).ok_or(SettingError::Malformed)?;
        Ok(Self { url, authorization: Secret::new(format!("Bearer {}", key.expose())), from, external })
    }

    fn mail<'a>(&'a self, letter: &'a Letter, to: &'a str) -> Mail<'a> {
        let files = letter.attachments.iter().map(|attachment| File {
            content: STANDARD.encode(&attachment.content),
            r#type: attachment.media_type.as_str(),
            filename: attachment.name.as_str(),
            disposition: "attachment",
        });
        let name = letter.name.as_ref().map(Text::as_str);
        Mail {
            personalizations: [Personalization { to: [Who { email: to, name }] }],
            from: Who { email: self.from.address(), name: self.from.name() },
            subject: letter.subject.as_str(),
            content: [
                Content { r#type: "text/plain", value: &letter.plain_text },
                Content { r#type: "text/html", value: &letter.html },
            ],
            attachments: files.collect(),
            headers: Headers { message_id: self.from.message_id(letter) },
            custom_args: Tags { clinic: letter.clinic, mail: letter.id },
        }
    }
}

/// From a reply to the answer: only a refusal of this very mail is for good. A refused key, a quota or a fault of
/// SendGrid's passes while the mail waits.
fn answered(reply: &HttpReply) -> Result<Answered, String> {
    match reply.status {
        StatusCode::ACCEPTED | StatusCode::OK => {
            let id = reply.headers.get("x-message-id").and_then(|id| id.to_str().ok());
            Ok(Answered(Ok(ProviderId(id.ok_or_else(|| "no message id".to_owned())?.to_owned()))))
        }
        StatusCode::BAD_REQUEST => Ok(Answered(Err(MAIL_REFUSED))),
        StatusCode::PAYLOAD_TOO_LARGE => Ok(Answered(Err(MAIL_TOO_LARGE))),
        status => Err(format!("status {}", status.as_u16())),
    }
}

impl MailGateway for SendGrid {
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<ProviderId, Unsent>> {
        Box::pin(async move {
            let to = address(letter)?;
            let refused = |_| Unsent::Refused(MAIL_REFUSED);
            let body =
                serde_json::to_vec(&self.mail(letter, to.as_ref())).map(Bytes::from).map_err(refused)?;
            let request = Request::post(self.url.clone())
                .header(AUTHORIZATION, self.authorization.expose())
                .header(CONTENT_TYPE, "application/json")
                .body(body)
                .map_err(|_| Unsent::Failed("the key of SendGrid is no header value".to_owned()))?;
            let call = ExternalCall::new("sendgrid", "send_mail", TIMEOUT, deadline);
            let called = self.external.call(call, || async {
                let reply = self.external.http().send(request.clone(), REPLY).await;
                answered(&reply.map_err(|error| error.to_string())?)
            });
            settle(called.await)
        })
    }
}
