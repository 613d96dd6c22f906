//! Amazon SES, version 2 of its API, which sends our message as built.

use super::message::address;
use super::{
    Answered, Letter, MAIL_REFUSED, MAIL_TOO_LARGE, MailGateway, ProviderId, Sender, TIMEOUT, Unsent,
    message, settle,
};
use crate::deadline::Deadline;
use crate::external::aws::{Environment, plain_code};
use crate::external::{AwsConnector, ExternalCall, ExternalCalls};
use crate::settings::{BadSettings, Variables};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// SES.
pub struct Ses {
    client: Client,
    from: Sender,
    configuration_set: Option<String>,
    external: Arc<ExternalCalls>,
}

impl std::fmt::Debug for Ses {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Ses")
    }
}

impl Ses {
    /// A client by the variables that Lambda sets, for mails with that configuration set, if any.
    /// `AWS_ENDPOINT_URL_SESV2`, else `AWS_ENDPOINT_URL`, replaces SES's address. Nothing is sent yet.
    pub fn open(
        variable: &Variables<'_>,
        from: Sender,
        configuration_set: Option<String>,
        external: Arc<ExternalCalls>,
    ) -> Result<Self, BadSettings> {
        let aws = Environment::read(variable, "AWS_ENDPOINT_URL_SESV2")?;
        // One attempt: a mail without an answer may have been sent, and SES takes no key by which it would know.
        let client = Client::new(&aws.sdk(AwsConnector::over(external.http())));
        Ok(Self { client, from, configuration_set, external })
    }

    /// The whole request. SES's notices carry the tags back, which name clinic and mail.
    fn request(&self, letter: &Letter) -> Result<SendEmailFluentBuilder, Unsent> {
        let refused = |_| Unsent::Refused(MAIL_REFUSED);
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
        let to = address(letter)?;
        let raw = RawMessage::builder().data(Blob::new(message(&self.from, letter)?)).build();
        Ok(self
            .client
            .send_email()
            .from_email_address(self.from.address())
            .destination(Destination::builder().to_addresses(AsRef::<str>::as_ref(&to)).build())
            .content(EmailContent::builder().raw(raw.map_err(refused)?).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .email_tags(tag("clinic", letter.clinic.to_string()).map_err(refused)?)
            .email_tags(tag("mail", letter.id.to_string()).map_err(refused)?))
    }
}

/// From an error to the answer: only a refusal of this very mail is for good. Any other error, such as an unverified
/// sender or a quota, passes while the mail waits.
fn refusal(error: &SdkError<SendEmailError>) -> Result<Answered, String> {
    let refused = |code| Ok(Answered(Err(code)));
    match error.as_service_error() {
        Some(SendEmailError::MessageRejected(rejected))
            if !about_sender(rejected.message().unwrap_or_default()) =>
        {
            refused(MAIL_REFUSED)
        }
        Some(SendEmailError::BadRequestException(bad)) => {
            let is_too_large = bad.message().unwrap_or_default().to_lowercase().contains("length");
            refused(if is_too_large { MAIL_TOO_LARGE } else { MAIL_REFUSED })
        }
        Some(_) => Err(error.code().and_then(plain_code).unwrap_or("an error without a code").to_owned()),
        None => Err("no answer".to_owned()),
    }
}

/// Whether the rejection is of the sender: SES rejects a message of an unverified sender, too.
fn about_sender(message: &str) -> bool {
    ["not verified", "authority to send"].iter().any(|words| message.contains(words))
}

impl MailGateway for Ses {
    fn send<'a>(
        &'a self,
        letter: &'a Letter,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<ProviderId, Unsent>> {
        Box::pin(async move {
            let request = self.request(letter)?;
            let call = ExternalCall::new("ses", "send_email", TIMEOUT, deadline);
            // The SDK's futures are large: on the heap they are not copied about.
            let called = self.external.call(call, || {
                let request = request.clone();
                Box::pin(async move {
                    match request.send().await {
                        Ok(sent) => {
                            let id = sent.message_id.ok_or_else(|| "no message id".to_owned())?;
                            Ok(Answered(Ok(ProviderId(id))))
                        }
                        Err(error) => refusal(&error),
                    }
                })
            });
            settle(called.await)
        })
    }
}
