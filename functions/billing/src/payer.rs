//! Who pays, where that is not the patient: children's parents do.

use crate::payments::no_card_data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::failure::Fault;
use shared::validation::Text;
use validator::Validate;

/// Who pays.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payer {
    /// 1–255 characters.
    #[validate(length(min = 1, max = 255), custom(function = no_card_data))]
    #[schemars(example = "Beatriz Lima")]
    pub name: Text,
    /// CPF or another document, as it is written.
    #[validate(length(min = 1, max = 64), custom(function = no_card_data))]
    #[schemars(example = "529.982.247-25")]
    pub document: Option<Text>,
    /// Where the receipt goes.
    #[validate(email, length(max = 254), custom(function = no_card_data))]
    #[schemars(example = "beatriz@example.com")]
    pub email: Option<Text>,
}

impl Payer {
    /// The payer as a row keeps it.
    pub(crate) fn row(&self) -> Result<Value, Fault> {
        serde_json::to_value(self).map_err(|_| Fault::internal("a payer is no JSON"))
    }
}
