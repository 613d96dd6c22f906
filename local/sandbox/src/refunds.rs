//! Refunds.

use crate::asked::Asked;
use crate::form::{Form, out_of_bounds};
use crate::reply::{Answer, Refusal, Reply};
use crate::state::State;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A refund as the sandbox keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    id: String,
    account: Option<String>,
    shown: Value,
}

/// `POST /v1/refunds`.
pub(crate) fn create(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let form = Form::of(&asked.pairs, &["payment_intent", "amount", "metadata", "reason"])?;
    let id = form.needed("payment_intent")?;
    let metadata = form.metadata()?;
    let amount = form.integer("amount")?;
    let intent = state
        .intent_of(asked.account.as_deref(), id)
        .ok_or_else(|| Refusal::missing("payment_intent", id, "payment_intent"))?;
    let rest = intent.received - intent.refunded;
    let refused = |message: &str| Refusal::invalid(message).after_it_ran();
    if intent.received == 0 {
        let message = "This PaymentIntent does not have a successful charge to refund.";
        return Err(refused(message).with_code("payment_intent_unexpected_state"));
    }
    if intent.disputed > 0 {
        return Err(refused("The charge is disputed.").with_code("charge_disputed"));
    }
    if rest == 0 {
        return Err(refused("The charge has already been refunded.").with_code("charge_already_refunded"));
    }
    let amount = amount.unwrap_or(rest);
    if amount < 1 {
        return Err(out_of_bounds("amount", "This value must be greater than or equal to 1."));
    }
    if amount > rest {
        let message = format!("Refund amount ({amount}) is greater than unrefunded amount ({rest}).");
        return Err(refused(&message).about("amount"));
    }
    let of_charge = intent.metadata.clone();
    let shown = state.refund(id, amount, &metadata, &of_charge);
    Ok(Answer::kept(Reply::ok(&shown)))
}

/// `GET /v1/refunds/{id}`.
pub(crate) fn get(state: &State, asked: &Asked, id: &str) -> Result<Answer, Refusal> {
    Form::of(&asked.pairs, &[])?;
    let is_it = |refund: &&Refund| refund.id == id && refund.account == asked.account;
    let refund = state.refunds.iter().rev().find(is_it);
    let refund =
        refund.ok_or_else(|| Refusal::missing("refund", id, "refund").with_status(StatusCode::NOT_FOUND))?;
    Ok(Answer::kept(Reply::ok(&refund.shown)))
}

impl State {
    /// Gives an amount of an intent back, and tells of it. The metadata is the refund's and the charge's.
    pub(crate) fn refund(
        &mut self,
        intent_id: &str,
        amount: i64,
        metadata: &BTreeMap<String, String>,
        of_charge: &BTreeMap<String, String>,
    ) -> Value {
        let (id, created) = (self.ids.next("re"), self.now().as_second());
        let Some(intent) = self.intent(intent_id) else { return Value::Null };
        intent.refunded += amount;
        let shown = json!({
            "id": id,
            "object": "refund",
            "amount": amount,
            "charge": intent.charge,
            "created": created,
            "currency": intent.currency,
            "metadata": metadata,
            "payment_intent": intent.id,
            "status": "succeeded",
        });
        let (account, charge) = (intent.account.clone(), intent.charge_json(of_charge));
        self.tell("refund.created", account.as_deref(), &shown);
        self.tell("charge.refunded", account.as_deref(), &charge);
        self.refunds.push(Refund { id, account, shown: shown.clone() });
        shown
    }
}
