//! The mail gateway as a part, chosen by the settings.

use super::{Letter, MailGateway, ProviderId, SendGrid, Sender, Ses, Unsent};
use crate::deadline::Deadline;
use crate::external::ExternalCalls;
use crate::parts::{Condition, Noted, Part, Permission, Reader, Requirements, Resource};
use crate::settings::{Form, Parameter, Setting, SettingError};
use crate::validation::Secret;
use std::sync::Arc;

/// The setting of the sender.
pub const MAIL_FROM: Setting = Setting::required(
    "MAIL_FROM",
    "who mails are from, `no-reply@example.com` or `A name <no-reply@example.com>`",
)
.parameter(Parameter::new(
    "MailFrom",
    Form::Matches(
        "^([^<>@]+ <[^<>@ ]+@[A-Za-z0-9.-]+>|[^<>@ ]+@[A-Za-z0-9.-]+)$",
        "no-reply@example.com or A name <no-reply@example.com>",
    ),
));

const MAIL_TRANSPORT: Setting =
    Setting::required("MAIL_TRANSPORT", "who takes mails to their recipients: `ses` or `sendgrid`")
        .parameter(Parameter::new("MailTransport", Form::OneOf(&["ses", "sendgrid"])).or("ses"));

const SES_CONFIGURATION_SET: Setting = Setting::optional(
    "SES_CONFIGURATION_SET",
    "with `ses`: the configuration set that mails are sent with, whose event destination is told of bounces; none \
     unless given",
)
.parameter(
    Parameter::new(
        "SesConfigurationSet",
        Form::Matches("^[A-Za-z0-9_-]{0,64}$", "the name of a configuration set, or empty"),
    )
    .or(""),
);

const SENDGRID_API_KEY: Setting = Setting::required("SENDGRID_API_KEY", "with `sendgrid`: its key")
    .secret("SENDGRID_API_KEY_SECRET_ARN")
    .form("an API key of SendGrid")
    .only_with("MAIL_TRANSPORT", "sendgrid")
    .parameter(
        Parameter::new("SendgridApiKeySecretArn", Form::SecretArn)
            .or("")
            .needed_with("MailTransport", "sendgrid"),
    );

const SENDGRID_URL: Setting = Setting::optional("SENDGRID_URL", "another address than SendGrid's, for tests")
    .form("an address such as https://api.sendgrid.com");

const MAIL_DOMAIN: Parameter = Parameter::new(
    "MailDomain",
    Form::Matches("^([a-z0-9-]+([.][a-z0-9-]+)+)?$", "a domain such as example.com, or empty"),
)
.or("")
.needed_with("MailTransport", "ses")
.about("The verified domain that mails are from, with ses; none when empty");

/// The mail gateway. On AWS `MAIL_TRANSPORT` chooses SES or SendGrid; on one machine it is a folder.
pub struct Mail(Arc<dyn MailGateway>);

impl std::fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Mail")
    }
}

impl Mail {
    /// That gateway.
    pub fn by(gateway: Arc<dyn MailGateway>) -> Self {
        Self(gateway)
    }

    /// Hands a mail over, as [`MailGateway::send`].
    pub async fn send(&self, letter: &Letter, deadline: Deadline) -> Result<ProviderId, Unsent> {
        self.0.send(letter, deadline).await
    }
}

impl Part for Mail {
    const NAME: &'static str = "mail";
    const REQUIREMENTS: Requirements = Requirements {
        settings: &[MAIL_FROM, MAIL_TRANSPORT, SES_CONFIGURATION_SET, SENDGRID_API_KEY, SENDGRID_URL],
        parameters: &[MAIL_DOMAIN],
        permissions: &[Permission::to(
            &["ses:SendEmail", "ses:SendRawEmail"],
            &[
                Resource::Arn("!Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailDomain}"),
                Resource::ArnIf(
                    Condition::Given("SesConfigurationSet"),
                    "!Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${SesConfigurationSet}",
                ),
            ],
        )
        .only_if(Condition::Is("MailTransport", "ses"))],
        ..Requirements::NONE
    };
    type Parts = ExternalCalls;

    fn open(settings: &Reader<'_>, external: Arc<ExternalCalls>) -> Result<Self, Noted> {
        let from = settings.required(&MAIL_FROM, Sender::parse);
        let by_ses = settings.required(&MAIL_TRANSPORT, |name| match name {
            "ses" => Ok(true),
            "sendgrid" => Ok(false),
            _ => Err(SettingError::Malformed),
        });
        if by_ses? {
            let set = settings.optional(&SES_CONFIGURATION_SET, |name| Ok(name.to_owned()))?;
            let ses = Ses::open(&|key| settings.aws(key), from?, set, external);
            return Ok(Self::by(Arc::new(ses.map_err(|bad| settings.note_all(bad))?)));
        }
        let key = settings.required(&SENDGRID_API_KEY, |key| Ok(Secret::new(key.to_owned())));
        let url = settings.optional(&SENDGRID_URL, |url| Ok(url.to_owned()))?;
        let url = url.unwrap_or_else(|| super::sendgrid::SENDGRID.to_owned());
        let sendgrid = SendGrid::open(&url, &key?, from?, external);
        Ok(Self::by(Arc::new(sendgrid.map_err(|error| settings.note(SENDGRID_URL.key, error))?)))
    }
}
