//! A refund as the slices share it: the reply, its states, and the statement that reads it.

use crate::currency::CURRENCY;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::http::Fields;
use shared::validation::{Id, Text};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;
use validator::Validate;

/// What became of a refund. It only moves on, in this order: money that was given back may come back days later.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RefundStatus {
    /// It is decided, and under way.
    Pending,
    /// The money was given back, and is in the ledger.
    Succeeded,
    /// It was not, or it came back.
    Failed,
}

/// A refund.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// The same as `id`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub refund_id: Uuid,
    /// The payment that it is of.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a805a")]
    pub payment_id: Uuid,
    /// Whose balance moves by it.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub patient_id: Uuid,
    /// What became of it.
    #[schemars(example = RefundStatus::Succeeded)]
    pub status: RefundStatus,
    /// Minor units.
    #[schemars(range(min = 1, max = 99_999_999), example = 15_000)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schemars(regex(pattern = CURRENCY), example = &"BRL")]
    pub currency: String,
    /// Why.
    #[schemars(length(min = 1, max = 500), example = "The session was cancelled")]
    pub reason: Option<Text>,
    /// Whether it was made in the provider's dashboard.
    #[schemars(example = false)]
    pub made_elsewhere: bool,
    /// Why nothing was given back, or why it came back: `NOT_REFUNDED`, or the provider's code.
    #[schemars(length(min = 1, max = 64), example = None::<String>)]
    pub failure_code: Option<String>,
    /// Its transaction, once the money was given back.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub transaction_id: Option<Uuid>,
    /// The transaction by which the money came back, if it did.
    #[schemars(example = None::<Uuid>)]
    pub returned_transaction_id: Option<Uuid>,
    /// Its receipt, once the money was given back.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub receipt_id: Option<Uuid>,
    /// Its id at the provider, once the provider has said it.
    #[schemars(length(max = 255), example = &"re_3MtwBwLkdIwHu7ix28a3tqPa")]
    pub provider_refund_id: Option<Text>,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// The number of this version; the same as in `ETag`.
    #[schemars(range(min = 1), example = 2)]
    pub version: i64,
}

/// The payment whose money is given back.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PaidPath {
    /// The payment's id.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a805a")]
    pub id: Id,
}

impl Fields for PaidPath {}

/// Where a refund is read.
pub(super) fn address(payment: Uuid, id: Uuid) -> String {
    format!("/api/v1/payments/{payment}/refunds/{id}")
}
