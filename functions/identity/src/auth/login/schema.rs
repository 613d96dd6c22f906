//! What comes in and how it fails.

use crate::auth::session::RefreshIn;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::failure::{Failure, Problem};
use shared::http::Fields;
use shared::validation::{Id, Password, Secret, Text, without_link};
use uuid::Uuid;
use validator::Validate;

/// Address and password, and the clinic when the account has several.
// The example is the demo login of the one-machine server: sent from its reference page, it works.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// The account's address.
    #[validate(length(min = 1, max = 254))]
    #[schemars(example = "demo@grafono.example")]
    pub email: Text,
    /// The password. Shorter ones than can be chosen are wrong, not malformed.
    #[validate(length(min = 1, max = 1024))]
    #[schemars(example = "demo-on-one-machine")]
    pub password: Password,
    /// The clinic to sign in to; needed when the account has several.
    pub clinic_id: Option<Id>,
    /// Where the refresh token travels; `body` unless given.
    pub refresh_in: Option<RefreshIn>,
    /// The token of this device, as an earlier sign-in had it.
    #[validate(length(min = 1, max = 1024))]
    pub device_token: Option<Secret>,
    /// What this device is called in the list of sessions and in mails about them, e.g. `Reception`.
    #[validate(length(min = 1, max = 120), custom(function = without_link))]
    pub device_name: Option<Text>,
}

impl Fields for Credentials {}

/// A clinic to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ClinicChoice")]
pub struct Choice {
    /// What to send as `clinicId`.
    #[schemars(example = "01a1fc88-bd77-7cd6-a572-93dc3d1d01d2")]
    pub id: Uuid,
    /// The clinic's name.
    #[schemars(length(min = 1, max = 255), example = "Clínica Aurora")]
    pub name: Text,
}

/// What `CLINIC_REQUIRED` carries beside the usual members.
#[derive(Debug, Serialize, JsonSchema)]
struct Choices<'a> {
    /// The clinics of this account.
    #[schemars(length(min = 2))]
    clinics: &'a [Choice],
}

/// How signing in can fail.
#[derive(Debug, PartialEq, Eq)]
pub enum LoginFailure {
    /// Address or password is wrong; which one is not said.
    InvalidCredentials,
    /// The account has several clinics and none was named.
    ClinicRequired(Vec<Choice>),
    /// The account has no active membership in the named clinic.
    ClinicNotFound,
    /// Every membership of the account was disabled.
    NoActiveMembership,
}

const INVALID_CREDENTIALS: Problem =
    Problem::new(401, "INVALID_CREDENTIALS", "Wrong address or password", "Check both and try again.");
const CLINIC_REQUIRED: Problem = Problem::new(
    409,
    "CLINIC_REQUIRED",
    "Which clinic?",
    "This account belongs to several clinics. Repeat with the clinicId of one of those in clinics.",
);
const CLINIC_NOT_FOUND: Problem =
    Problem::new(404, "CLINIC_NOT_FOUND", "No such clinic", "This account does not belong to that clinic.");
const NO_ACTIVE_MEMBERSHIP: Problem = Problem::new(
    403,
    "NO_ACTIVE_MEMBERSHIP",
    "Access ended",
    "This account's access was ended. Ask an owner or administrator of the clinic.",
);

impl Failure for LoginFailure {
    const PROBLEMS: &'static [Problem] =
        &[INVALID_CREDENTIALS, CLINIC_REQUIRED, CLINIC_NOT_FOUND, NO_ACTIVE_MEMBERSHIP];

    fn problem(&self) -> &'static Problem {
        match self {
            Self::InvalidCredentials => &INVALID_CREDENTIALS,
            Self::ClinicRequired(_) => &CLINIC_REQUIRED,
            Self::ClinicNotFound => &CLINIC_NOT_FOUND,
            Self::NoActiveMembership => &NO_ACTIVE_MEMBERSHIP,
        }
    }

    fn of_constraint(name: &str) -> Option<Self> {
        // The password was changed while it was checked.
        (name == "credentials_unchanged").then_some(Self::InvalidCredentials)
    }

    fn extension(&self) -> Map<String, Value> {
        let Self::ClinicRequired(clinics) = self else { return Map::new() };
        match json!(Choices { clinics }) {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    fn extension_schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
        vec![(CLINIC_REQUIRED.code, Choices::json_schema(generator))]
    }
}
