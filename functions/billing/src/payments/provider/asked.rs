//! What is asked of the provider, and the bodies of requests. They are made of a payment's own data alone, so that a
//! repetition is the same to the byte: the provider compares. It keeps a key for a day, so whoever changes a body of a release
//! lets the sweeper try the former one as well, for that day; else each payment that was lost meanwhile is a person's to look at.

use super::currency;
use super::wire::WireIntent;
use form_urlencoded::Serializer;
use shared::validation::Secret;
use uuid::Uuid;

/// The seconds for which a Pix can be paid: four hours, less than the caller's key lives.
const PIX_WAITS: &str = "14400";

/// By what the money is taken.
#[derive(Debug, Clone)]
pub enum Means {
    /// The card, as the provider's own page named it: `pm_…` or `tok_…`.
    Card(Secret),
    /// A Pix, which the provider makes.
    Pix,
}

/// A payment, as it is asked of the provider.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The clinic that is paid.
    pub clinic: Uuid,
    /// The payment; also the `Idempotency-Key` of every request that is made of it.
    pub payment: Uuid,
    /// The clinic's own account at the provider, if it has one, as it was when the payment was begun.
    pub account: Option<String>,
    /// The amount, in minor units of ISO 4217.
    pub amount_minor: i64,
    /// The currency, ISO 4217.
    pub currency: String,
    /// By what.
    pub means: Means,
}

/// What every request of a payment says, and every reply about it must say, too.
pub(super) struct Terms<'a> {
    asked: &'a Asked,
    deployment: &'a str,
    /// In the provider's minor units.
    pub(super) amount: i64,
    /// As the provider writes it.
    currency: String,
}

impl<'a> Terms<'a> {
    /// The terms of that payment; none where the provider has no such amount in that currency.
    pub(super) fn of(asked: &'a Asked, deployment: &'a str) -> Option<Self> {
        let amount = currency::to_provider(&asked.currency, asked.amount_minor)?;
        Some(Self { asked, deployment, amount, currency: asked.currency.to_ascii_lowercase() })
    }

    fn common(&self) -> Serializer<'static, String> {
        let mut form = Serializer::new(String::new());
        form.append_pair("amount", &self.amount.to_string())
            .append_pair("currency", &self.currency)
            .append_pair("metadata[clinicId]", &self.asked.clinic.to_string())
            .append_pair("metadata[paymentId]", &self.asked.payment.to_string())
            .append_pair("metadata[deployment]", self.deployment);
        form
    }

    /// The request that takes the money. A card whose bank asks its owner waits for them, on the provider's own page.
    pub(super) fn charge(&self) -> String {
        let mut form = self.common();
        form.append_pair("confirm", "true");
        match &self.asked.means {
            Means::Card(token) => {
                form.append_pair("use_stripe_sdk", "true").append_pair("payment_method_types[]", "card");
                match token.expose() {
                    token if token.starts_with("tok_") => form
                        .append_pair("payment_method_data[type]", "card")
                        .append_pair("payment_method_data[card][token]", token),
                    method => form.append_pair("payment_method", method),
                }
            }
            Means::Pix => form
                .append_pair("payment_method_types[]", "pix")
                .append_pair("payment_method_data[type]", "pix")
                .append_pair("payment_method_options[pix][expires_after_seconds]", PIX_WAITS),
        };
        form.finish()
    }

    /// The request that takes no money: without a card, and unconfirmed.
    pub(super) fn fence(&self) -> String {
        self.common().finish()
    }

    /// Whether the intent is this payment's: its amount, its currency, its metadata.
    pub(super) fn are_of(&self, intent: &WireIntent) -> bool {
        let tag = |name, ours: &str| intent.tag(name) == Some(ours);
        intent.amount == self.amount
            && intent.currency == self.currency
            && tag("clinicId", &self.asked.clinic.to_string())
            && tag("paymentId", &self.asked.payment.to_string())
            && tag("deployment", self.deployment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(token: &str) -> Asked {
        Asked {
            clinic: Uuid::from_u128(7),
            payment: Uuid::from_u128(8),
            account: None,
            amount_minor: 15_000,
            currency: "BRL".to_owned(),
            means: Means::Card(Secret::new(token.to_owned())),
        }
    }

    const COMMON: &str = "amount=15000&currency=brl\
        &metadata%5BclinicId%5D=00000000-0000-0000-0000-000000000007\
        &metadata%5BpaymentId%5D=00000000-0000-0000-0000-000000000008\
        &metadata%5Bdeployment%5D=test";

    #[test]
    fn a_charge_is_one_form_and_the_card_cannot_add_to_it() {
        let asked = asked("pm_1&amount=1");
        let form = Terms::of(&asked, "test").unwrap().charge();
        let expected = "&confirm=true&use_stripe_sdk=true&payment_method_types%5B%5D=card\
            &payment_method=pm_1%26amount%3D1";
        assert_eq!(form, format!("{COMMON}{expected}"));
    }

    #[test]
    fn a_token_of_a_card_is_sent_as_one() {
        let asked = asked("tok_visa");
        let form = Terms::of(&asked, "test").unwrap().charge();
        let expected =
            "&payment_method_data%5Btype%5D=card&payment_method_data%5Bcard%5D%5Btoken%5D=tok_visa";
        assert!(form.ends_with(expected), "{form}");
    }

    #[test]
    fn a_pix_has_no_card() {
        let asked = Asked { means: Means::Pix, ..asked("pm_1") };
        let form = Terms::of(&asked, "test").unwrap().charge();
        let expected = "&confirm=true&payment_method_types%5B%5D=pix&payment_method_data%5Btype%5D=pix\
            &payment_method_options%5Bpix%5D%5Bexpires_after_seconds%5D=14400";
        assert_eq!(form, format!("{COMMON}{expected}"));
    }

    #[test]
    fn a_fence_is_another_request_and_has_no_card() {
        let asked = asked("pm_1");
        let terms = Terms::of(&asked, "test").unwrap();
        assert_eq!(terms.fence(), COMMON);
    }

    #[test]
    fn a_card_is_not_shown() {
        assert!(!format!("{:?}", asked("pm_1")).contains("pm_1"));
    }
}
