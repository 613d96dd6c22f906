//! The mail gateway, by the settings (C9).

use super::{MailGateway, SendGrid, Sender, Ses};
use crate::external::ExternalCalls;
use crate::settings::{BadSettings, SecretStore, SettingError, Variables, secret};
use std::sync::Arc;

/// The gateway that `MAIL_TRANSPORT` names, `ses` or `sendgrid`, for mails from `MAIL_FROM`. SendGrid's key is
/// `SENDGRID_API_KEY`, or the secret of `SENDGRID_API_KEY_SECRET_ARN` in the store that `store` opens. `SENDGRID_URL`
/// replaces SendGrid's address. Nothing is sent yet.
pub async fn open(
    variable: &Variables<'_>,
    store: impl FnOnce(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>,
    external: Arc<ExternalCalls>,
) -> Result<Arc<dyn MailGateway>, BadSettings> {
    let required = |key| variable(key).filter(|value| !value.is_empty()).ok_or(SettingError::Missing);
    let from = required("MAIL_FROM").and_then(|from| Sender::parse(&from));
    let transport = required("MAIL_TRANSPORT").and_then(|name| match name.as_str() {
        "ses" | "sendgrid" => Ok(name),
        _ => Err(SettingError::Malformed),
    });
    let (from, transport) = match (from, transport) {
        (Ok(from), Ok(transport)) => (from, transport),
        (from, transport) => {
            let outcomes = [("MAIL_FROM", from.err()), ("MAIL_TRANSPORT", transport.err())];
            return Err(BadSettings(
                outcomes.into_iter().filter_map(|(key, error)| Some((key, error?))).collect(),
            ));
        }
    };
    if transport == "ses" {
        return Ok(Arc::new(Ses::open(variable, from, external)?));
    }
    let key = secret(variable, store, ["SENDGRID_API_KEY", "SENDGRID_API_KEY_SECRET_ARN"]).await?;
    let url = variable("SENDGRID_URL").unwrap_or_else(|| super::sendgrid::SENDGRID.to_owned());
    let sendgrid = SendGrid::open(&url, &key, from, external)
        .map_err(|error| BadSettings(vec![("SENDGRID_URL", error)]))?;
    Ok(Arc::new(sendgrid))
}
