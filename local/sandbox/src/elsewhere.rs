//! What happens at the provider without a request of ours. Our metadata is not in what it tells then: a dispute and a
//! refund made in its dashboard have none.

use crate::attempt::declined;
use crate::intent::PaymentIntent;
use crate::reply::Refusal;
use crate::state::State;
use crate::status::Status;
use serde_json::json;
use std::collections::BTreeMap;

impl State {
    /// The customer's bank takes an amount back; the dispute's id. None when no money was taken.
    pub(crate) fn dispute(&mut self, intent_id: &str, amount: i64) -> Option<String> {
        let id = self.ids.next("dp");
        let intent = self.intent(intent_id).filter(|intent| intent.received > 0)?;
        intent.disputed += amount;
        let shown = json!({
            "id": id,
            "object": "dispute",
            "amount": amount,
            "charge": intent.charge,
            "currency": intent.currency,
            "metadata": {},
            "payment_intent": intent.id,
            "reason": "fraudulent",
            "status": "needs_response",
        });
        let account = intent.account.clone();
        self.tell("charge.dispute.created", account.as_deref(), &shown);
        self.tell("charge.dispute.funds_withdrawn", account.as_deref(), &shown);
        Some(id)
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
