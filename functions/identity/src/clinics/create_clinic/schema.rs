//! What comes in, what goes out, how it fails.

use crate::auth::credentials::COMMON_PASSWORD;
use crate::auth::{email, password};
use crate::clinics::fields;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::mail::Language;
use shared::validation::{Password, Text, without_link};
use std::borrow::Cow;
use validator::{Validate, ValidationError};

pub use crate::auth::session::{RefreshIn, Session};

/// A clinic and its owner.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = password, skip_on_field_errors = false))]
pub struct NewClinic {
    /// The clinic's name.
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Clínica Aurora")]
    pub clinic_name: Text,
    /// IANA time zone.
    #[validate(custom(function = fields::time_zone))]
    #[schemars(example = "America/Sao_Paulo")]
    pub time_zone: Text,
    /// ISO 4217 currency of everything the clinic is paid.
    #[validate(custom(function = fields::currency))]
    #[schemars(regex(pattern = fields::CURRENCY), example = &"BRL")]
    pub currency: Text,
    /// The language that the clinic and its patients are written to in; `pt-BR` unless given.
    pub language: Option<Language>,
    /// The owner's name.
    #[validate(length(min = 1, max = 255), custom(function = without_link))]
    #[schemars(example = "Ana Souza")]
    pub owner_name: Text,
    /// The owner's address, to sign in with.
    #[validate(email, length(max = 254), custom(function = email::at_whole_domain))]
    #[schemars(example = "ana@example.com")]
    pub email: Text,
    /// 8–1024 characters, no common password, not the address or a name. Any way to type a character is the same
    /// character (RFC 8265).
    #[validate(length(min = 8, max = 1024))]
    #[schemars(example = "a long and lonely road")]
    pub password: Password,
    /// Where the refresh token travels; `body` unless given.
    pub refresh_in: Option<RefreshIn>,
    /// What this device is called in the list of sessions and in mails about them, e.g. `Reception`.
    #[validate(length(min = 1, max = 120), custom(function = without_link))]
    pub device_name: Option<Text>,
}

/// No password of the people who sign up: neither a common one nor their own words.
fn password(new: &NewClinic) -> Result<(), ValidationError> {
    let own = [&new.email, &new.clinic_name, &new.owner_name].map(Text::as_str);
    password::judge(&new.password, &own).map_err(|message| {
        let mut refused = ValidationError::new("COMMON_PASSWORD").with_message(Cow::Borrowed(message));
        refused.add_param(Cow::Borrowed("field"), &"password");
        refused
    })
}

impl Fields for NewClinic {
    const RULES: &'static [Problem] =
        &[fields::UNKNOWN_TIME_ZONE, fields::UNKNOWN_CURRENCY, COMMON_PASSWORD.at("/password")];
}

failures! {
    /// How signing up can fail.
    pub enum CreateClinicFailure {
        /// An account has this address.
        EmailTaken = 409 "EMAIL_TAKEN", "E-mail address taken",
            "An account with this address exists. Sign in with it, or use another address.",
            at "/email", violates ["accounts_email_unique"];
    }
}
