//! What comes in, how it fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Id;
use validator::Validate;

/// Which refund of which payment.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefundPath {
    /// The payment's id.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a805a")]
    pub id: Id,
    /// The refund's id.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a805b")]
    pub refund_id: Id,
}

impl Fields for RefundPath {}

failures! {
    /// How reading a refund can fail.
    pub enum GetRefundFailure {
        /// This payment has no such refund.
        RefundNotFound = 404 "REFUND_NOT_FOUND", "No such refund",
            "This clinic has no such payment, or the payment no refund with this id. List its refunds to see which there are.";
    }
}
