//! What comes in, what goes out, how it fails.

use crate::receipts::receipt::RECEIPT_NOT_FOUND;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failures;
use shared::http::Fields;
use shared::validation::Text;
use uuid::Uuid;
use validator::Validate;

/// Where a receipt goes.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMail {
    /// The address; the payer's unless given.
    #[validate(email, length(max = 254))]
    #[schemars(example = "beatriz@example.com")]
    pub to: Option<Text>,
}

impl Fields for NewMail {}

/// The receipt that is on its way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mailed {
    /// The receipt.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// Its number.
    #[schemars(range(min = 1), example = 1)]
    pub number: i64,
}

failures! {
    /// How mailing a receipt can fail.
    pub enum MailReceiptFailure {
        /// This clinic has no such receipt.
        ReceiptNotFound = RECEIPT_NOT_FOUND;
        /// Nobody said where the payer is written to.
        ReceiptWithoutAddress = 422 "RECEIPT_WITHOUT_ADDRESS", "No address",
            "It is not known where whoever paid is written to. Say where the receipt goes.", at "/to";
    }
}
