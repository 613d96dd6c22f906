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
    pub(crate) id: String,
    account: Option<String>,
    pub(crate) intent: String,
    charge: Option<String>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    metadata: BTreeMap<String, String>,
    created: i64,
}

/// Why a refund comes back.
const FAILURE: &str = "expired_or_canceled_card";

impl Refund {
    /// As the provider shows it.
    fn json(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "status": self.status,
        });
        if let (true, Some(members)) = (self.status == "failed", shown.as_object_mut()) {
            members.insert("failure_reason".to_owned(), json!(FAILURE));
        }
        shown
    }

    /// As others see it.
    pub(crate) fn shown(&self) -> GivenBack {
        GivenBack {
            id: self.id.clone(),
            intent: self.intent.clone(),
            amount: self.amount,
            status: self.status.to_owned(),
            refund_id: self.metadata.get("refundId").cloned(),
        }
    }
}

/// A refund, to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// Its id, `re_…`.
    pub id: String,
    /// The payment intent that it is of.
    pub intent: String,
    /// The amount, in the provider's minor units.
    pub amount: i64,
    /// Its status, in the provider's words.
    pub status: String,
    /// `refundId` of its metadata.
    pub refund_id: Option<String>,
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
    Ok(Answer::kept(Reply::ok(&refund.json())))
}

/// `GET /v1/refunds`: an intent's, the newest first.
pub(crate) fn list(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let form = Form::of(&asked.pairs, &["payment_intent", "limit"])?;
    let id = form.needed("payment_intent")?;
    let limit = form.integer("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| out_of_bounds("limit", "A page has 1 to 100 objects."))?;
    if state.intent_of(asked.account.as_deref(), id).is_none() {
        return Err(Refusal::missing("payment_intent", id, "payment_intent"));
    }
    let all: Vec<Value> =
        state.refunds.iter().rev().filter(|refund| refund.intent == id).map(Refund::json).collect();
    let has_more = all.len() > limit;
    let data: Vec<Value> = all.into_iter().take(limit).collect();
    let page = json!({ "object": "list", "url": "/v1/refunds", "data": data, "has_more": has_more });
    Ok(Answer::kept(Reply::ok(&page)))
}

impl State {
    /// Gives an amount of an intent back, and tells of it. The metadata is the refund's and the charge's. Of a card whose refunds
    /// wait, it is pending until somebody [ends](Self::end_refund) it.
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
        let refund = Refund {
            id,
            account: intent.account.clone(),
            intent: intent.id.clone(),
            charge: intent.charge.clone(),
            amount,
            currency: intent.currency.clone(),
            status: if intent.refunds_wait { "pending" } else { "succeeded" },
            metadata: metadata.clone(),
            created,
        };
        let (shown, charge, account) = (refund.json(), intent.charge_json(of_charge), intent.account.clone());
        self.tell("refund.created", account.as_deref(), &shown);
        self.tell("charge.refunded", account.as_deref(), &charge);
        self.refunds.push(refund);
        shown
    }

    /// A refund ends: the money arrives, or it comes back, also days after it had succeeded. False where it is not so far, or
    /// has failed.
    pub(crate) fn end_refund(&mut self, id: &str, arrives: bool) -> bool {
        let is_it = |refund: &&mut Refund| refund.id == id;
        let Some(refund) = self.refunds.iter_mut().find(is_it) else { return false };
        let (status, kind) = match (refund.status, arrives) {
            ("pending", true) => ("succeeded", "refund.updated"),
            ("pending" | "succeeded", false) => ("failed", "refund.failed"),
            _ => return false,
        };
        refund.status = status;
        let (shown, account, intent, amount) =
            (refund.json(), refund.account.clone(), refund.intent.clone(), refund.amount);
        if let Some(intent) = self.intent(&intent).filter(|_| !arrives) {
            intent.refunded -= amount;
        }
        self.tell(kind, account.as_deref(), &shown);
        true
    }
}
