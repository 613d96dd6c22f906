//! What goes out.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::validation::Text;
use uuid::Uuid;

/// A place where the caller is signed in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSession {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// What the client called the device when it signed in.
    #[schemars(length(min = 1, max = 120), example = &"Reception")]
    pub device_name: Option<Text>,
    /// When somebody signed in; UTC.
    #[schemars(example = "2026-11-21T10:00:00Z")]
    pub created_at: Timestamp,
    /// When it was last refreshed; UTC.
    #[schemars(example = "2026-11-21T10:00:00Z")]
    pub used_at: Timestamp,
    /// Whether it is the one that asks.
    #[schemars(example = true)]
    pub current: bool,
}
