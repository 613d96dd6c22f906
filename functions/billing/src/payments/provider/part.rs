//! The payment provider as a part. A deployment without its key takes no payments and is otherwise whole.

use super::Provider;
use crate::payments::alarm::ALARM;
use http::{HeaderValue, Uri};
use shared::external::ExternalCalls;
use shared::parts::{Noted, Part, Reader, Requirements};
use shared::settings::{Form, Given, Parameter, Setting, SettingError};
use shared::validation::Secret;
use std::sync::Arc;

/// Stripe's address, unless `STRIPE_URL` is given.
const STRIPE: &str = "https://api.stripe.com";

/// The name of the deployment that is none.
const LOCAL: &str = "local";

const STRIPE_SECRET_KEY: Setting = Setting::optional(
    "STRIPE_SECRET_KEY",
    "Stripe's secret key, which cards are charged with; without one there are no payments by card",
)
.secret("STRIPE_SECRET_KEY_SECRET_ARN")
.form("a secret key of Stripe such as sk_live_…")
.parameter(Parameter::new("StripeSecretKeySecretArn", Form::SecretArn).or(""));

const STRIPE_URL: Setting =
    Setting::optional("STRIPE_URL", "another address than Stripe's, for tests and the sandbox")
        .form("an address such as https://api.stripe.com");

const PAYMENTS_DEPLOYMENT: Setting = Setting::optional(
    "PAYMENTS_DEPLOYMENT",
    "the name that payments carry at the provider, so that several deployments may share one account; `local` unless \
     given",
)
.form("a name of letters, digits and hyphens")
.by(Given::Expression("!Sub grafono-${Environment}"));

/// The address, in the form that paths are appended to.
pub(super) fn address(url: &str) -> Result<String, SettingError> {
    let url = url.trim_end_matches('/');
    let parsed = url.parse::<Uri>().ok().filter(|url| url.scheme().is_some() && url.path() == "/");
    parsed.filter(|url| url.query().is_none()).map(|_| url.to_owned()).ok_or(SettingError::Malformed)
}

/// The header with that key.
pub(super) fn authorization(key: &Secret) -> Result<HeaderValue, SettingError> {
    let mut header =
        HeaderValue::try_from(format!("Bearer {}", key.expose())).map_err(|_| SettingError::Malformed)?;
    header.set_sensitive(true);
    Ok(header)
}

impl Part for Provider {
    const NAME: &'static str = "payment provider";
    const REQUIREMENTS: Requirements =
        Requirements::settings(&[STRIPE_SECRET_KEY, STRIPE_URL, PAYMENTS_DEPLOYMENT]).alarm(ALARM);
    type Parts = ExternalCalls;

    fn open(settings: &Reader<'_>, external: Arc<ExternalCalls>) -> Result<Self, Noted> {
        let key = settings.optional(&STRIPE_SECRET_KEY, |key| {
            let key = Secret::new(key.to_owned());
            authorization(&key).map(|_| key)
        });
        let url = settings.optional(&STRIPE_URL, address);
        let deployment = settings.optional(&PAYMENTS_DEPLOYMENT, |name| {
            let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
            let is_name = name.len() <= 64 && name.bytes().all(is_plain);
            is_name.then(|| name.to_owned()).ok_or(SettingError::Malformed)
        });
        let (key, url, deployment) = (key?, url?, deployment?);
        let (url, deployment) = (url.as_deref().unwrap_or(STRIPE), deployment.as_deref().unwrap_or(LOCAL));
        Self::at(url, key.as_ref(), deployment, external)
            .map_err(|error| settings.note(STRIPE_URL.key, error))
    }
}
