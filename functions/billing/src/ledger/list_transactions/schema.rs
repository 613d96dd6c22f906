//! What comes in.

use crate::ledger::listing::Chosen;
use crate::ledger::transaction::Transaction;
use crate::ledger::transfer::TransactionType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::http::{Fields, FilteredCursor, PageQuery, WINDOW_EMPTY, window};
use shared::validation::{DateTime, Id};
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// Which transactions, and which page of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = window_is_right, skip_on_field_errors = false))]
#[validate(schema(function = cursor_is_of_filters, skip_on_field_errors = false))]
pub struct TransactionsQuery {
    /// Only those of this patient; all unless given.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Option<Id>,
    /// Only those of this type; all unless given.
    #[serde(rename = "type")]
    pub kind: Option<TransactionType>,
    /// Only those recorded then or later. A plus sign is `%2B` in a query.
    #[schemars(example = "2026-01-01T00:00:00Z")]
    pub from: Option<DateTime>,
    /// Only those recorded before.
    #[schemars(example = "2100-01-01T00:00:00Z")]
    pub to: Option<DateTime>,
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before, which had the same filters.
    pub cursor: Option<FilteredCursor<Transaction>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for TransactionsQuery {
    const RULES: &'static [Problem] = &[WINDOW_EMPTY];
}

impl TransactionsQuery {
    /// The page asked for.
    pub(super) fn page(&self) -> PageQuery<Transaction> {
        PageQuery::filtered(self.limit, self.cursor.as_ref(), self.include_total, self.chosen().filters())
    }

    /// By what it chooses.
    pub(super) fn chosen(&self) -> Chosen {
        let patient = self.patient_id.map(Uuid::from);
        Chosen { patient, kind: self.kind, from: self.from, to: self.to }
    }
}

fn window_is_right(query: &TransactionsQuery) -> Result<(), ValidationError> {
    window(query.from, query.to)
}

fn cursor_is_of_filters(query: &TransactionsQuery) -> Result<(), ValidationError> {
    FilteredCursor::check(query.cursor.as_ref(), &query.chosen().filters())
}
