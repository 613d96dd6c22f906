//! What comes in.

use crate::receipts::Receipt;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::http::{Fields, FilteredCursor, PageQuery, WINDOW_EMPTY, window};
use shared::validation::{DateTime, Id};
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// Which receipts, and which page of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = window_is_right, skip_on_field_errors = false))]
#[validate(schema(function = cursor_is_of_filters, skip_on_field_errors = false))]
pub struct ReceiptsQuery {
    /// Only those of this patient; all unless given.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Option<Id>,
    /// Only those of money that was booked then or later. A plus sign is `%2B` in a query.
    #[schemars(example = "2026-01-01T00:00:00Z")]
    pub from: Option<DateTime>,
    /// Only those of money that was booked before.
    #[schemars(example = "2100-01-01T00:00:00Z")]
    pub to: Option<DateTime>,
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before, which had the same filters.
    pub cursor: Option<FilteredCursor<Receipt>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for ReceiptsQuery {
    const RULES: &'static [Problem] = &[WINDOW_EMPTY];
}

impl ReceiptsQuery {
    /// The page asked for.
    pub(super) fn page(&self) -> PageQuery<Receipt> {
        PageQuery::filtered(self.limit, self.cursor.as_ref(), self.include_total, self.filters())
    }

    /// The stretch of time asked for.
    pub(super) fn window(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from.map(Timestamp::from), self.to.map(Timestamp::from))
    }

    /// The filters as a query has them.
    fn filters(&self) -> String {
        let given = [
            self.patient_id.map(|patient| format!("patientId={}", Uuid::from(patient))),
            self.from.map(|from| format!("from={from}")),
            self.to.map(|to| format!("to={to}")),
        ];
        given.into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

fn window_is_right(query: &ReceiptsQuery) -> Result<(), ValidationError> {
    window(query.from, query.to)
}

fn cursor_is_of_filters(query: &ReceiptsQuery) -> Result<(), ValidationError> {
    FilteredCursor::check(query.cursor.as_ref(), &query.filters())
}
