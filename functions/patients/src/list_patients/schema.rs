//! What comes in and what goes out.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::cursor::{CursorOf, CursorScope};
use shared::input::Fields;
use shared::validation::{FullDate, Text};
use uuid::Uuid;
use validator::Validate;

/// Which page.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageQuery {
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before.
    pub cursor: Option<CursorOf<PatientList>>,
    /// Whether to count them all, up to 10 001.
    pub include_total: Option<bool>,
}

impl Fields for PageQuery {}

/// The list that its cursors are bound to.
#[derive(Debug)]
pub struct PatientList;

impl CursorScope for PatientList {
    const SCOPE: &'static str = "/api/v1/patients";
}

/// A patient in a list: what tells people apart, not everything.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientItem {
    /// `UUIDv7`.
    pub id: Uuid,
    /// 1–255 characters.
    pub full_name: Text,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<FullDate>,
    /// E.164.
    pub phone: Option<Text>,
    /// An e-mail address.
    pub email: Option<Text>,
    /// The number of this version.
    pub version: i64,
    /// UTC.
    pub created_at: Timestamp,
}
