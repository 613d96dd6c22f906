//! Amazon SES, version 2 of its API, with the message as we built it.

use super::message::address;
use super::{
    Answered, Letter, MAIL_REFUSED, MAIL_TOO_LARGE, MailGateway, ProviderId, Sender, TIMEOUT, Unsent,
    message, settle,
};
use crate::deadline::Deadline;
use crate::external::aws::Environment;
use crate::external::{AwsConnector, ExternalCall, ExternalCalls};
use crate::settings::{BadSettings, Variables};
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{Config, Region, StalledStreamProtectionConfig};
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
    /// A client made from the variables that Lambda sets. `AWS_ENDPOINT_URL_SESV2`, else `AWS_ENDPOINT_URL`, leads
    /// elsewhere. `SES_CONFIGURATION_SET` names what tells of bounces; none unless given. Nothing is sent yet.
    pub fn open(
        variable: &Variables<'_>,
        from: Sender,
        external: Arc<ExternalCalls>,
    ) -> Result<Self, BadSettings> {
        let aws = Environment::read(variable, "AWS_ENDPOINT_URL_SESV2")?;
        // Asked once: what was not answered may have been sent, and SES knows no key that would tell it so. The gate ends
        // what takes too long.
        let mut config = Config::builder()
            .http_client(AwsConnector::over(external.http()))
            .region(Region::new(aws.region))
            .credentials_provider(aws.credentials)
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        if let Some((_, endpoint)) = aws.endpoint {
            config = config.endpoint_url(endpoint);
        }
        let configuration_set = variable("SES_CONFIGURATION_SET").filter(|name| !name.is_empty());
        Ok(Self { client: Client::from_conf(config.build()), from, configuration_set, external })
    }

    /// The whole request. The tags come back with what becomes of the mail, and say whose it is.
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

/// What an error means: only what SES says of this very mail is for good. Everything else, such as a sender that is
/// not verified yet or a quota, is put right by somebody while the mail waits.
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
        Some(_) => Err(error.code().unwrap_or("an error without a code").to_owned()),
        None => Err("no answer".to_owned()),
    }
}

/// SES rejects a message, too, when nobody has shown yet that the sender is theirs.
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
            // The SDK's futures are large: on the heap, so that they are not copied about.
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
