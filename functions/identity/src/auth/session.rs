//! The session that signing up and signing in answer.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::access::token::LIFETIME;
use shared::access::{Principal, Role, TokenSigner};
use shared::database::{Columns, DecodeError};
use shared::failure::Fault;
use shared::mail::Language;
use shared::validation::Text;
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
    /// PASETO v4.public.
    #[schemars(
        regex(pattern = r"^v4\.public\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"),
        example = "v4.public.eyJzdWIi.eyJraWQi"
    )]
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    #[schemars(extend("const" = "Bearer"))]
    pub token_type: &'static str,
    /// Seconds until the token expires.
    #[schemars(range(min = 1), example = LIFETIME.as_secs())]
    pub expires_in: i64,
}

impl Session {
    /// A session that starts `now`.
    pub fn start(signer: &TokenSigner, clinic: Clinic, user: User, now: Timestamp) -> Result<Self, Fault> {
        let principal = Principal { user_id: user.id, clinic_id: clinic.id, role: user.role, issued_at: now };
        let access_token = signer.issue(&principal)?;
        Ok(Self { clinic, user, access_token, token_type: "Bearer", expires_in: LIFETIME.as_secs() })
    }
}

/// A clinic and a member of it, from a row that joins memberships, clinics and accounts.
pub(crate) fn member(columns: &Columns<'_>) -> Result<(Clinic, User), DecodeError> {
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
    Ok((clinic, user))
}
