//! What happens at the provider without a request of ours. Our metadata is not in what it tells then: a dispute and a
//! refund made in its dashboard have none.

use crate::attempt::declined;
use crate::intent::PaymentIntent;
use crate::reply::Refusal;
use crate::state::State;
use crate::status::Status;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A dispute as the sandbox keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    account: Option<String>,
    pub(crate) intent: String,
    charge: Option<String>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
}

impl Dispute {
    /// As the provider shows it.
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "charge": self.charge,
            "currency": self.currency,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": "fraudulent",
            "status": self.status,
        })
    }
}

impl State {
    /// An intent that took money before.
    pub(crate) fn remember(&mut self, id: &str, amount: i64, currency: &str) {
        let mut intent = PaymentIntent {
            id: id.to_owned(),
            account: None,
            key: None,
            status: Status::Succeeded,
            amount,
            received: 0,
            refunded: 0,
            disputed: 0,
            refunds_wait: false,
            currency: currency.to_owned(),
            kinds: vec!["card".to_owned()],
            metadata: BTreeMap::new(),
            last_error: None,
            next_action: None,
            charge: None,
            created: self.now(),
        };
        self.take(&mut intent);
        self.intents.push(intent);
    }

    /// The customer's bank takes an amount back; the dispute's id. None when no money was taken.
    pub(crate) fn dispute(&mut self, intent_id: &str, amount: i64) -> Option<String> {
        let id = self.ids.next("dp");
        let intent = self.intent(intent_id).filter(|intent| intent.received > 0)?;
        intent.disputed += amount;
        let dispute = Dispute {
            id: id.clone(),
            account: intent.account.clone(),
            intent: intent.id.clone(),
            charge: intent.charge.clone(),
            amount,
            currency: intent.currency.clone(),
            status: "needs_response",
        };
        let (account, shown) = (dispute.account.clone(), dispute.json());
        self.tell("charge.dispute.created", account.as_deref(), &shown);
        self.tell("charge.dispute.funds_withdrawn", account.as_deref(), &shown);
        self.disputes.push(dispute);
        Some(id)
    }

    /// The bank decides; of what is won the money comes back. False where it has decided before.
    pub(crate) fn close_dispute(&mut self, id: &str, is_won: bool) -> bool {
        let waits = |dispute: &&mut Dispute| dispute.id == id && dispute.status == "needs_response";
        let Some(dispute) = self.disputes.iter_mut().find(waits) else { return false };
        dispute.status = if is_won { "won" } else { "lost" };
        let (shown, account, intent, amount) =
            (dispute.json(), dispute.account.clone(), dispute.intent.clone(), dispute.amount);
        if is_won {
            self.tell("charge.dispute.funds_reinstated", account.as_deref(), &shown);
            if let Some(intent) = self.intent(&intent) {
                intent.disputed -= amount;
            }
        }
        self.tell("charge.dispute.closed", account.as_deref(), &shown);
        true
    }

    /// Somebody gives an amount back in the dashboard; the refund's id. None when that much is not there.
    pub(crate) fn refund_elsewhere(&mut self, intent_id: &str, amount: i64) -> Option<String> {
        let intent = self.intent(intent_id)?;
        if !(1..=intent.received - intent.refunded).contains(&amount) {
            return None;
        }
        let none = BTreeMap::new();
        let refund = self.refund(intent_id, amount, &none, &none);
        refund.get("id").and_then(|id| id.as_str()).map(str::to_owned)
    }

    /// An intent that waits ends, also one that was refused: whoever has its client secret may try again. False when it does not
    /// wait.
    pub(crate) fn settle(&mut self, intent_id: &str, succeeds: bool) -> bool {
        let waits = |intent: &&mut PaymentIntent| match intent.status {
            Status::Processing | Status::RequiresAction => true,
            Status::RequiresPaymentMethod => intent.last_error.is_some(),
            _ => false,
        };
        let found = self.intent(intent_id).filter(waits).map(|intent| intent.clone());
        let Some(mut intent) = found else { return false };
        let kind = if succeeds {
            self.take(&mut intent);
            "payment_intent.succeeded"
        } else {
            intent.status = Status::RequiresPaymentMethod;
            intent.next_action = None;
            intent.last_error = Some(if intent.kinds.iter().any(|kind| kind == "pix") {
                Refusal::invalid("The Pix was not paid in time.")
                    .with_code("payment_intent_payment_attempt_expired")
                    .error()
            } else {
                declined("card_declined", "generic_decline").error()
            });
            "payment_intent.payment_failed"
        };
        self.tell(kind, intent.account.as_deref(), &intent.json());
        if let Some(kept) = self.intent(intent_id) {
            *kept = intent;
        }
        true
    }
}
