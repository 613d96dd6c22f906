//! What goes out.

use crate::fields;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::http::Listed;
use shared::validation::{FullDate, Text};
use uuid::Uuid;

/// A patient in a list: what tells people apart, not everything.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatientItem {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// 1–255 characters.
    #[schemars(length(min = 1, max = 255), example = "Beatriz Lima")]
    pub full_name: Text,
    /// `YYYY-MM-DD`.
    #[schemars(regex(pattern = fields::BIRTH_DATE), example = "1990-04-23")]
    pub birth_date: Option<FullDate>,
    /// E.164.
    #[schemars(regex(pattern = fields::PHONE), example = "+5511987654321")]
    pub phone: Option<Text>,
    /// An e-mail address.
    #[schemars(email, length(max = 254), example = "beatriz@example.com")]
    pub email: Option<Text>,
    /// The number of this version.
    #[schemars(range(min = 1), example = 1)]
    pub version: i64,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
}

impl Listed for PatientItem {
    const LIST: &'static str = "/api/v1/patients";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}
