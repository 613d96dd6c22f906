//! `POST /v1/payment_intents`: reading it.

use crate::asked::Asked;
use crate::cards::Card;
use crate::form::{Form, missing, out_of_bounds};
use crate::money;
use crate::reply::Refusal;
use std::collections::BTreeMap;

const KNOWN: [&str; 11] = [
    "amount",
    "confirm",
    "currency",
    "error_on_requires_action",
    "metadata",
    "payment_method",
    "payment_method_data[card][token]",
    "payment_method_data[type]",
    "payment_method_options[pix][expires_after_seconds]",
    "payment_method_types[]",
    "use_stripe_sdk",
];

/// The seconds for which a Pix waits, when nothing else is said.
const PIX_WAITS: i64 = 14_400;

/// What the money is to be taken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// A card.
    Card(Card),
    /// A Pix, which waits for that many seconds.
    Pix(i64),
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// None when the intent is only made: nothing is taken.
    pub(crate) means: Option<Means>,
    /// A customer who has to do something is an error.
    pub(crate) refuses_action: bool,
}

impl Order {
    pub(crate) fn read(asked: &Asked) -> Result<Self, Refusal> {
        let form = Form::of(&asked.pairs, &KNOWN)?;
        let currency = form.needed("currency")?;
        if !money::is_currency(currency) {
            return Err(Refusal::invalid(format!("Invalid currency: {currency}")).about("currency"));
        }
        let amount = amount(&form, currency)?;
        let kinds = form.list("payment_method_types[]");
        if let Some(kind) = kinds.iter().find(|kind| !["card", "pix"].contains(kind)) {
            let message = format!("The payment method type \"{kind}\" is invalid.");
            return Err(Refusal::invalid(message).about("payment_method_types"));
        }
        let refuses_action = form.flag("error_on_requires_action")?;
        let is_confirmed = form.flag("confirm")?;
        if refuses_action && !is_confirmed {
            let message = "error_on_requires_action goes with confirm=true.";
            return Err(Refusal::invalid(message).about("error_on_requires_action"));
        }
        let means = means(&form)?;
        if is_confirmed && means.is_none() {
            return Err(missing("payment_method"));
        }
        Ok(Self {
            amount,
            currency: currency.to_owned(),
            kinds: kinds.into_iter().map(str::to_owned).collect(),
            metadata: form.metadata()?,
            means: means.filter(|_| is_confirmed),
            refuses_action,
        })
    }
}

fn amount(form: &Form<'_>, currency: &str) -> Result<i64, Refusal> {
    let amount = form.integer("amount")?.ok_or_else(|| missing("amount"))?;
    if amount < 1 {
        Err(out_of_bounds("amount", "This value must be greater than or equal to 1."))
    } else if amount > money::LARGEST {
        Err(Refusal::invalid("Amount must be no more than 99999999.")
            .with_code("amount_too_large")
            .about("amount"))
    } else if money::ends_well(amount, currency) {
        Ok(amount)
    } else {
        Err(out_of_bounds("amount", &format!("Amounts in {currency} end in zeros.")))
    }
}

fn means(form: &Form<'_>) -> Result<Option<Means>, Refusal> {
    let card = |id: &str, what: &str, param: &str| {
        Card::named(id).map(|card| Some(Means::Card(card))).ok_or_else(|| Refusal::missing(what, id, param))
    };
    if let Some(id) = form.text("payment_method")? {
        return card(id, "PaymentMethod", "payment_method");
    }
    match form.text("payment_method_data[type]")? {
        None => Ok(None),
        Some("pix") => {
            let waits = form.integer("payment_method_options[pix][expires_after_seconds]")?;
            Ok(Some(Means::Pix(waits.unwrap_or(PIX_WAITS))))
        }
        Some("card") => {
            let name = "payment_method_data[card][token]";
            card(form.needed(name)?, "token", name)
        }
        Some(other) => {
            let message = format!("Invalid payment method type: {other}");
            Err(Refusal::invalid(message).about("payment_method_data[type]"))
        }
    }
}
