//! What comes in, what goes out, how it fails.

use crate::ledger::listing::Chosen;
use crate::ledger::transaction::Transaction;
use crate::ledger::transfer::TransactionType;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::{Fields, FilteredCursor, Listed, PageQuery, WINDOW_EMPTY, window};
use shared::validation::{DateTime, Surroundings};
use std::borrow::Cow;
use uuid::Uuid;
use validator::{Validate, ValidationError};

/// Which of the patient's transactions, and which page of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(context = Surroundings)]
#[validate(schema(function = window_is_right, skip_on_field_errors = false))]
#[validate(schema(function = cursor_is_of_list, use_context, skip_on_field_errors = false))]
pub struct PatientTransactionsQuery {
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
    /// `meta.nextCursor` of the page before, which was of the same patient and had the same filters.
    pub cursor: Option<FilteredCursor<PatientTransaction>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for PatientTransactionsQuery {
    const RULES: &'static [Problem] = &[WINDOW_EMPTY];
}

impl PatientTransactionsQuery {
    /// The page asked for.
    pub(super) fn page(&self, patient: Uuid) -> PageQuery<PatientTransaction> {
        let filters = self.chosen(None).filters();
        PageQuery::within(patient, self.limit, self.cursor.as_ref(), self.include_total, filters)
    }

    /// By what it chooses. The patient is in the path, and so no filter of the query.
    pub(super) fn chosen(&self, patient: Option<Uuid>) -> Chosen {
        Chosen { patient, kind: self.kind, from: self.from, to: self.to }
    }
}

fn window_is_right(query: &PatientTransactionsQuery) -> Result<(), ValidationError> {
    window(query.from, query.to)
}

fn cursor_is_of_list(
    query: &PatientTransactionsQuery,
    surroundings: &Surroundings,
) -> Result<(), ValidationError> {
    FilteredCursor::check_within(query.cursor.as_ref(), surroundings, &query.chosen(None).filters())
}

/// A transaction in its patient's list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientTransaction(pub Transaction);

/// The contract knows one kind of transaction.
impl JsonSchema for PatientTransaction {
    fn schema_name() -> Cow<'static, str> {
        Transaction::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Transaction::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Transaction::json_schema(generator)
    }
}

impl Listed for PatientTransaction {
    const LIST: &'static str = "/api/v1/patients/{id}/transactions";

    fn place(&self) -> (Timestamp, Uuid) {
        self.0.place()
    }
}

failures! {
    /// How listing a patient's transactions can fail.
    pub enum ListPatientTransactionsFailure {
        /// This clinic has no such patient.
        PatientNotFound = crate::ledger::PATIENT_NOT_FOUND;
    }
}
