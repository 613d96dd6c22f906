//! What comes in, how it fails.

use crate::payments::payment::PAYMENT_NOT_FOUND;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::failures;
use shared::http::Fields;
use shared::validation::{Id, Text};
use std::borrow::Cow;
use validator::{Validate, ValidationError};

/// Which payment.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ReviewedPath {
    /// The id of a payment in review.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8058")]
    pub id: Id,
}

impl Fields for ReviewedPath {}

/// What a person has found at the provider.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolution {
    /// Whether the payment's own amount was taken, whole.
    #[schemars(example = true)]
    pub charged: bool,
    /// Its id at the provider, where that is not noted yet: `pi_…`.
    #[validate(length(min = 4, max = 124), custom(function = provider_payment))]
    #[schemars(regex(pattern = "^pi_[A-Za-z0-9_]+$"), example = &"pi_3MtwBwLkdIwHu7ix28a3tqPa")]
    pub provider_payment_id: Option<Text>,
}

impl Fields for Resolution {
    const RULES: &'static [Problem] = &[Problem::new(
        400,
        "INVALID_PROVIDER_PAYMENT",
        "Invalid id of the provider",
        "Send the id as the provider shows it: pi_ and letters, digits or underscores.",
    )
    .at("/providerPaymentId")];
}

fn provider_payment(id: &Text) -> Result<(), ValidationError> {
    let rest = id.as_str().strip_prefix("pi_").unwrap_or_default();
    if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    Err(ValidationError::new("INVALID_PROVIDER_PAYMENT")
        .with_message(Cow::Borrowed("must be an id of the provider such as pi_3MtwBwLkdIwHu7ix28a3tqPa")))
}

failures! {
    /// How resolving a payment can fail.
    pub enum ResolvePaymentFailure {
        /// This clinic has no such payment.
        PaymentNotFound = PAYMENT_NOT_FOUND, violates ["payment_exists"];
        /// Nobody has to say what became of it.
        PaymentNotInReview = 409 "PAYMENT_NOT_IN_REVIEW", "Payment not in review",
            "Nobody has to say what became of this payment: it is known, or will be found out.",
            violates ["payment_in_review"];
        /// It was charged, and nobody knows as what.
        ProviderPaymentRequired = 422 "PROVIDER_PAYMENT_REQUIRED", "Which payment of the provider?",
            "The provider's id of this payment is not known here. Send it as it shows it: pi_….",
            at "/providerPaymentId", violates ["payments_settled_whole"];
        /// It is another payment's.
        ProviderPaymentKnown = 422 "PROVIDER_PAYMENT_KNOWN", "Another payment's id",
            "This id of the provider belongs to another payment of the clinic. Compare them.",
            at "/providerPaymentId", violates ["payments_provider_once"];
        /// The provider has named this payment already.
        ProviderPaymentDiffers = 422 "PROVIDER_PAYMENT_DIFFERS", "Not this payment's id",
            "The provider has named this payment already, by another id, which it has as providerPaymentId. Look that one up, and leave the id out.",
            at "/providerPaymentId", violates ["payment_by_its_id"];
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = crate::ledger::CLOCKS_DISAGREE, violates ["clocks_agree"];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_provider_have_its_form() {
        assert!(provider_payment(&Text::try_from("pi_3MtwBw").unwrap()).is_ok());
        for other in ["", "pi_", "re_1", "pi_a b", "pi_é", "PI_1"] {
            let refusal = provider_payment(&Text::try_from(other).unwrap()).unwrap_err();
            assert_eq!(refusal.code, "INVALID_PROVIDER_PAYMENT", "{other}");
        }
    }
}
