//! The settings of a function, read from its environment and checked.

use super::Needs;
use super::needs::KeyForm;
use super::public_url::public_url;
use crate::access::{TokenSigner, TokenVerifier};
use crate::database::Database;
use crate::external::ExternalSettings;
use crate::settings::{BadSettings, SecretStore, SettingError, StoredSecret, StoredSettings, Variables};
use std::sync::Arc;

/// The keys of the database's address: for its value, and for the ARN of a secret.
const DATABASE_URL: [&str; 2] = ["DATABASE_URL", "DATABASE_URL_SECRET_ARN"];

/// The keys of the key that tokens are signed with, likewise.
const TOKEN_SECRET_KEY: [&str; 2] = ["TOKEN_SECRET_KEY", "TOKEN_SECRET_KEY_SECRET_ARN"];

/// The keys of the address of Redis, likewise: the address has a password in it.
const REDIS_URL: [&str; 2] = ["REDIS_URL", "REDIS_URL_SECRET_ARN"];

/// The setting with the public key of a mail provider's signatures.
const MAIL_EVENTS_KEY: &str = "SENDGRID_WEBHOOK_PUBLIC_KEY";

/// The settings of a function.
#[derive(Debug)]
pub struct Settings {
    /// `DATABASE_URL` or the secret of `DATABASE_URL_SECRET_ARN`, under the module's own role, with
    /// `DATABASE_CONNECTIONS` connections, 1 unless given. No database unless needed.
    pub database: Database,
    /// `TOKEN_PUBLIC_KEYS`: PASERK `k4.public.…`, separated by commas, the current key and those rotated out. No keys
    /// unless tokens are verified.
    pub verifier: TokenVerifier,
    /// `TOKEN_SECRET_KEY` or the secret of `TOKEN_SECRET_KEY_SECRET_ARN`: PASERK `k4.secret.…`. None unless tokens are
    /// issued.
    pub signer: Option<TokenSigner>,
    /// `CORS_ALLOWED_ORIGINS`: exact origins, separated by commas; none unless given.
    pub allowed_origins: Vec<String>,
    /// The settings of external calls.
    pub external: ExternalSettings,
    /// `PUBLIC_URL`: the program's public address, without a slash at its end. None unless links are sent.
    pub public_url: Option<String>,
    /// `SENDGRID_WEBHOOK_PUBLIC_KEY`: the public key of SendGrid's signatures, as SendGrid shows it. None unless its
    /// events are taken and the key is given.
    pub mail_events_key: Option<String>,
}

impl Settings {
    /// Reads the needed settings through `variable`, secrets by their value.
    pub fn read(variable: &Variables<'_>, needs: Needs) -> Result<Self, BadSettings> {
        Self::with_secret(variable, needs, None)
    }

    /// As [`Settings::read`], but each secret by its value or by its ARN, exactly one of the two (C8). For secrets by
    /// their ARN, `open` opens the store, and the texts are fetched from it; on AWS `open` is
    /// [`SecretsManager::open`](crate::external::SecretsManager::open).
    pub async fn load(
        variable: &Variables<'_>,
        open: impl FnOnce(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>,
        needs: Needs,
    ) -> Result<Self, BadSettings> {
        // Breakers need not be shared: the address of Redis may be missing in both forms.
        let shares = needs.external.is_some()
            && REDIS_URL.iter().any(|key| variable(key).is_some_and(|url| !url.is_empty()));
        let pairs =
            [(needs.database, DATABASE_URL), (needs.issues_tokens, TOKEN_SECRET_KEY), (shares, REDIS_URL)];
        let pairs: Vec<_> = pairs.into_iter().filter(|(needed, _)| *needed).map(|(_, pair)| pair).collect();
        let (kept, mut bad) = StoredSettings::fetch(variable, open, &pairs).await;
        let secret = kept.of(DATABASE_URL[0]).map(|kept| kept.secret.clone());
        let outcome = Self::with_secret(&|key| kept.value(key).or_else(|| variable(key)), needs, secret);
        let others = match outcome {
            Ok(settings) if bad.is_empty() => return Ok(settings),
            Ok(_) => Vec::new(),
            Err(BadSettings(others)) => others,
        };
        // A secret that could not be fetched is missing for the reader, too, and is reported already.
        let told = |key| pairs.iter().any(|pair| pair[0] == key) && kept.value(key).is_none();
        let others = others.into_iter().filter(|(key, error)| *error != SettingError::Missing || !told(key));
        bad.extend(others.map(|(key, error)| (kept.given_as(key), error)));
        Err(BadSettings(bad))
    }

    fn with_secret(
        variable: &Variables<'_>,
        needs: Needs,
        secret: Option<StoredSecret>,
    ) -> Result<Self, BadSettings> {
        let required = |key| variable(key).filter(|value| !value.is_empty()).ok_or(SettingError::Missing);
        let connections = connections(variable);
        let size = *connections.as_ref().unwrap_or(&1);
        let database = if needs.database {
            required("DATABASE_URL").and_then(|url| Database::kept(&url, secret, size))
        } else {
            Ok(Database::none())
        };
        let verifier = if needs.verifies_tokens {
            required("TOKEN_PUBLIC_KEYS").and_then(|keys| TokenVerifier::from_paserk(&keys))
        } else {
            Ok(TokenVerifier::default())
        };
        let signer = needs
            .issues_tokens
            .then(|| required("TOKEN_SECRET_KEY").and_then(|key| TokenSigner::from_paserk(&key)))
            .transpose();
        let origins = origins(variable("CORS_ALLOWED_ORIGINS"));
        let external = if needs.external.is_some() {
            ExternalSettings::read(variable)
        } else {
            Ok(ExternalSettings::default())
        };
        let public_url =
            needs.links.then(|| required("PUBLIC_URL").and_then(|url| public_url(&url))).transpose();
        let events_key = mail_events_key(variable, needs.mail_events);
        match (database, connections, verifier, signer, origins, external, public_url, events_key) {
            (
                Ok(database),
                Ok(_),
                Ok(verifier),
                Ok(signer),
                Ok(allowed_origins),
                Ok(external),
                Ok(public_url),
                Ok(mail_events_key),
            ) => Ok(Self {
                database,
                verifier,
                signer,
                allowed_origins,
                external,
                public_url,
                mail_events_key,
            }),
            (database, connections, verifier, signer, origins, external, public_url, events_key) => {
                Err(bad([
                    ("DATABASE_URL", database.err()),
                    ("DATABASE_CONNECTIONS", connections.err()),
                    ("TOKEN_PUBLIC_KEYS", verifier.err()),
                    ("TOKEN_SECRET_KEY", signer.err()),
                    ("CORS_ALLOWED_ORIGINS", origins.err()),
                    ("PUBLIC_URL", public_url.err()),
                    (MAIL_EVENTS_KEY, events_key.err()),
                    external.err().map_or(("REDIS_URL", None), |(key, error)| (key, Some(error))),
                ]))
            }
        }
    }
}

fn bad<const N: usize>(outcomes: [(&'static str, Option<SettingError>); N]) -> BadSettings {
    BadSettings(outcomes.into_iter().filter_map(|(key, error)| Some((key, error?))).collect())
}

/// The most connections of the pool.
fn connections(variable: &Variables<'_>) -> Result<usize, SettingError> {
    let Some(text) = variable("DATABASE_CONNECTIONS") else { return Ok(1) };
    text.parse().ok().filter(|count| (1..=100).contains(count)).ok_or(SettingError::Malformed)
}

/// The public key of the provider's signatures, if events are taken and the key is given.
fn mail_events_key(variable: &Variables<'_>, form: Option<KeyForm>) -> Result<Option<String>, SettingError> {
    let Some(KeyForm(is_key)) = form else { return Ok(None) };
    match variable(MAIL_EVENTS_KEY).filter(|key| !key.is_empty()) {
        Some(key) if !is_key(&key) => Err(SettingError::Malformed),
        key => Ok(key),
    }
}

/// Exact origins such as `https://app.example.com`. A wildcard is refused, because requests carry tokens.
fn origins(list: Option<String>) -> Result<Vec<String>, SettingError> {
    let list = list.unwrap_or_default();
    let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            let (scheme, host) = origin.split_once("://").ok_or(SettingError::Malformed)?;
            let plain = matches!(scheme, "https" | "http") && !host.is_empty() && !host.contains(['/', '*']);
            plain.then(|| origin.to_owned()).ok_or(SettingError::Malformed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::token::new_key_pair;

    const URL: &str = "postgresql://patients:canary-password@localhost/grafono";

    #[test]
    fn good_settings_are_read() {
        let (secret, public) = new_key_pair().unwrap();
        let variable = |key: &str| match key {
            "DATABASE_URL" => Some(URL.to_owned()),
            "TOKEN_PUBLIC_KEYS" => Some(public.clone()),
            "TOKEN_SECRET_KEY" => Some(secret.clone()),
            "CORS_ALLOWED_ORIGINS" => Some("https://a.example, http://localhost:5173".to_owned()),
            "PUBLIC_URL" => Some("https://app.example/".to_owned()),
            _ => None,
        };
        let settings = Settings::read(&|key| variable(key), Needs::ALL).unwrap();
        assert_eq!(settings.allowed_origins, ["https://a.example", "http://localhost:5173"]);
        assert_eq!(settings.public_url.as_deref(), Some("https://app.example"));
    }

    #[test]
    fn a_key_of_events_need_not_be_given_and_is_none_where_none_are_taken() {
        let given = |key: &str| (key == MAIL_EVENTS_KEY).then(|| "canary-key".to_owned());
        let takes = |form| Needs { mail_events: Some(KeyForm(form)), ..Needs::default() };
        let read = |needs| Settings::read(&given, needs).map(|settings| settings.mail_events_key);
        assert_eq!(read(takes(|key| key == "canary-key")).unwrap().as_deref(), Some("canary-key"));
        assert_eq!(read(Needs::default()).unwrap(), None);
        let bad = read(takes(|_| false)).unwrap_err();
        assert_eq!(bad.to_string(), "SENDGRID_WEBHOOK_PUBLIC_KEY is not in the expected form");
        let without = Settings::read(&|_| None, takes(|_| false)).unwrap();
        assert_eq!(without.mail_events_key, None);
    }

    #[test]
    fn what_is_not_needed_is_not_asked_for() {
        assert!(Settings::read(&|_| None, Needs::default()).is_ok());
    }

    #[test]
    fn every_bad_setting_is_named_at_once_and_no_value_is_shown() {
        let variable = |key: &str| match key {
            "DATABASE_URL" => Some("canary:// not a url".to_owned()),
            "DATABASE_CONNECTIONS" | "PUBLIC_URL" => Some("canary".to_owned()),
            "CORS_ALLOWED_ORIGINS" => Some("*".to_owned()),
            _ => None,
        };
        let bad = Settings::read(&|key| variable(key), Needs::ALL).unwrap_err();
        assert_eq!(
            bad.to_string(),
            "DATABASE_URL is not in the expected form; DATABASE_CONNECTIONS is not in the expected form; \
             TOKEN_PUBLIC_KEYS is missing; TOKEN_SECRET_KEY is missing; \
             CORS_ALLOWED_ORIGINS is not in the expected form; PUBLIC_URL is not in the expected form"
        );
    }
}
