//! What comes in.

use crate::users::{Member, MemberStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Role;
use shared::http::{Fields, FilteredCursor, PageQuery};
use validator::{Validate, ValidationError};

/// Which people, and which page of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = cursor_is_of_filters, skip_on_field_errors = false))]
pub struct UsersQuery {
    /// Only the active ones, or only the disabled ones; all unless given.
    pub status: Option<MemberStatus>,
    /// Only those with this role; all unless given.
    pub role: Option<Role>,
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before, which had the same filters.
    pub cursor: Option<FilteredCursor<Member>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for UsersQuery {}

impl UsersQuery {
    /// The page asked for.
    pub(super) fn page(&self) -> PageQuery<Member> {
        PageQuery::filtered(self.limit, self.cursor.as_ref(), self.include_total, self.filters())
    }

    /// The filters as a query has them.
    fn filters(&self) -> String {
        let status = self.status.map(|status| format!("status={}", status.name()));
        let role = self.role.map(|role| format!("role={}", role.name()));
        [status, role].into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

fn cursor_is_of_filters(query: &UsersQuery) -> Result<(), ValidationError> {
    FilteredCursor::check(query.cursor.as_ref(), &query.filters())
}
