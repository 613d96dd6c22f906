//! What signing up and signing in answer.

use super::cookies;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::token::{LIFETIME, PATTERN};
use shared::access::{Plan, Principal, Role, TokenSigner};
use shared::database::{Columns, DecodeError};
use shared::failure::Fault;
use shared::http::Call;
use shared::mail::Language;
use shared::parts::Parts;
use shared::validation::Text;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// A clinic, as its own people see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Clinic {
    /// `UUIDv7`.
    #[schemars(example = "01a1fc88-bd77-7cd6-a572-93dc3d1d01d2")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Clínica Aurora")]
    pub name: Text,
    /// IANA name, e.g. `America/Sao_Paulo`.
    #[schemars(example = "America/Sao_Paulo")]
    pub time_zone: String,
    /// ISO 4217 code.
    #[schemars(regex(pattern = "^[A-Z]{3}$"), example = &"BRL")]
    pub currency: String,
    /// The language it is written to in.
    #[schemars(example = Language::Portuguese)]
    pub language: Language,
}

/// A person within a clinic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The membership's id, `UUIDv7`.
    #[schemars(example = "01a1fc88-bd77-7cd6-a572-93e0b8a2f4c1")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Ana Souza")]
    pub name: Text,
    /// The account's address.
    #[schemars(email, length(max = 254), example = "ana@example.com")]
    pub email: Text,
    /// What the person is in this clinic.
    #[schemars(example = Role::Owner)]
    pub role: Role,
}

/// Clinic, user and an access token for them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The clinic signed in to.
    pub clinic: Clinic,
    /// The person signed in.
    pub user: User,
    /// The tokens of its session.
    #[serde(flatten)]
    pub tokens: Tokens,
    /// Keep it on this device, and send it with the next sign-in: the device is known again. It opens nothing.
    #[schemars(
        regex(pattern = r"^v4\.public\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"),
        example = "v4.public.eyJzdWIi.eyJraWQi"
    )]
    pub device_token: String,
}

/// What keeps somebody signed in: an access token, and the refresh token for the next one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// PASETO v4.public, or a JWT where the deployment has those; to be passed on as it is.
    #[schemars(regex(pattern = PATTERN), example = "v4.public.eyJzdWIi.eyJraWQi")]
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    #[schemars(extend("const" = "Bearer"))]
    pub token_type: &'static str,
    /// Seconds until the token expires.
    #[schemars(range(min = 1), example = LIFETIME.as_secs())]
    pub expires_in: i64,
    /// What `POST /api/v1/auth/refresh` takes; absent where it travels in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REFRESH_TOKEN), example = REFRESH_TOKEN_EXAMPLE)]
    pub refresh_token: Option<String>,
    /// Seconds until the refresh token expires, if it is not used.
    #[schemars(range(min = 0), example = IDLE.as_secs())]
    pub refresh_expires_in: i64,
}

impl Tokens {
    /// The tokens of a caller whose refresh token is good for so long, and the cookie with it, where it travels in one.
    pub(super) fn issue(
        call: &Call<'_, impl Parts>,
        signer: &TokenSigner,
        caller: &Principal,
        refresh_token: String,
        lives: SignedDuration,
        refresh_in: RefreshIn,
    ) -> Result<(Self, Option<String>), Fault> {
        let cookie = (refresh_in == RefreshIn::Cookie).then(|| cookies::refresh(&refresh_token, lives));
        let tokens = Self {
            access_token: signer.issue(caller, call.new_id(), call.now)?,
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            refresh_token: Some(refresh_token).filter(|_| cookie.is_none()),
            refresh_expires_in: lives.as_secs(),
        };
        Ok((tokens, cookie))
    }
}

/// The pattern of refresh tokens.
pub const REFRESH_TOKEN: &str = "^[A-Za-z0-9_-]{64}$";

/// A refresh token of the clinic of the sample events.
pub const REFRESH_TOKEN_EXAMPLE: &str = "AYkKXayWd0u8zrMCCZqAVwICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";

/// How long a refresh token is good that nobody uses.
pub const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a session lasts at most.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Where a client keeps its refresh tokens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(description = "Where refresh tokens travel: browsers take the cookie, which no script can read.")]
pub enum RefreshIn {
    /// In bodies: the client keeps them.
    #[default]
    Body,
    /// In a cookie, which no script can read.
    Cookie,
}

impl RefreshIn {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A clinic and its plan, a member of it, and the version of what the member may do.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) clinic: Clinic,
    pub(crate) user: User,
    pub(crate) access_version: i64,
    pub(crate) plan: Plan,
}

/// A membership from a row that joins memberships, clinics and accounts.
pub(crate) fn membership(columns: &Columns<'_>) -> Result<Membership, DecodeError> {
    let clinic = Clinic {
        id: columns.get("clinic_id")?,
        name: columns.text("clinic_name")?,
        time_zone: columns.get("time_zone")?,
        currency: columns.get("currency")?,
        language: columns.parsed("language")?,
    };
    let user = User {
        id: columns.get("id")?,
        name: columns.text("name")?,
        email: columns.text("email")?,
        role: columns.parsed("role")?,
    };
    Ok(Membership {
        clinic,
        user,
        access_version: columns.get("access_version")?,
        plan: columns.parsed("plan")?,
    })
}
