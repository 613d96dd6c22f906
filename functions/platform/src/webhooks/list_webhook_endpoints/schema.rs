//! What comes in.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::cursor::{CursorOf, CursorScope};
use shared::input::Fields;
use validator::Validate;

/// Which page.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointPageQuery {
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before.
    pub cursor: Option<CursorOf<EndpointList>>,
    /// Whether to count them all.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for EndpointPageQuery {}

/// The list that its cursors are bound to.
#[derive(Debug)]
pub struct EndpointList;

impl CursorScope for EndpointList {
    const SCOPE: &'static str = "/api/v1/webhook-endpoints";
}
