//! `POST /v1/payment_intents`: doing what was asked for.

use crate::asked::Asked;
use crate::cards::{Answered, Card, Odd, Untouched};
use crate::create::{Means, Order};
use crate::intent::PaymentIntent;
use crate::reply::{Answer, Kept, LATE, Refusal, Reply, SILENCE, Sent};
use crate::state::State;
use crate::status::Status;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

/// The length of a reply that is far too long.
const HUGE: usize = 8 * 1024 * 1024;

/// Makes an intent, and takes the money if it is to be taken.
pub(crate) fn create(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let order = Order::read(asked)?;
    let intent = new_intent(state, asked, &order);
    match order.means {
        None => Ok(state.made(intent, None)),
        Some(Means::Pix(seconds)) => {
            let action = pix(&intent, seconds);
            state.wait(intent, Status::RequiresAction, Some(action), order.refuses_action)
        }
        Some(Means::Card(card)) => charge(state, intent, card, order.refuses_action),
    }
}

fn new_intent(state: &mut State, asked: &Asked, order: &Order) -> PaymentIntent {
    PaymentIntent {
        id: state.ids.next("pi"),
        account: asked.account.clone(),
        key: asked.key.clone(),
        status: Status::RequiresPaymentMethod,
        amount: order.amount,
        received: 0,
        refunded: 0,
        disputed: 0,
        refunds_wait: false,
        currency: order.currency.clone(),
        kinds: order.kinds.clone(),
        metadata: order.metadata.clone(),
        last_error: None,
        next_action: None,
        charge: None,
        created: state.now(),
    }
}

fn charge(
    state: &mut State,
    mut intent: PaymentIntent,
    card: Card,
    refuses_action: bool,
) -> Result<Answer, Refusal> {
    let authentication = || Some(json!({ "type": "use_stripe_sdk", "use_stripe_sdk": {} }));
    match card {
        Card::Charged(answered) => {
            state.take(&mut intent);
            Ok(answer(state.made(intent, Some("payment_intent.succeeded")), answered))
        }
        Card::RefundedLater => {
            intent.refunds_wait = true;
            state.take(&mut intent);
            Ok(state.made(intent, Some("payment_intent.succeeded")))
        }
        Card::Odd(Odd::Status) => {
            intent.status = Status::Unknown;
            Ok(state.made(intent, None))
        }
        Card::Odd(odd) => {
            match odd {
                Odd::Currency if intent.currency == "usd" => "eur".clone_into(&mut intent.currency),
                Odd::Currency => "usd".clone_into(&mut intent.currency),
                _ => intent.amount += 1,
            }
            state.take(&mut intent);
            Ok(state.made(intent, Some("payment_intent.succeeded")))
        }
        Card::Declined(code, decline_code) => Err(state.decline(intent, code, decline_code)),
        Card::Asks => state.wait(intent, Status::RequiresAction, authentication(), refuses_action),
        Card::Waits(Status::Processing) => state.wait(intent, Status::Processing, None, false),
        Card::Waits(status) => state.wait(intent, status, authentication(), false),
        Card::Untouched(untouched) => end(untouched),
    }
}

/// How a charge is answered that was made.
fn answer(made: Answer, answered: Answered) -> Answer {
    match answered {
        Answered::Well => made,
        Answered::Silent => made.but(|_| Sent::Silent),
        Answered::Lost => made.but(|_| Sent::Lost),
        Answered::Half => made.but(Sent::Half),
        Answered::Html => made.but(|_| Sent::AtOnce(page())),
        Answered::Huge => made.but(|reply| Sent::AtOnce(padded(&reply))),
        Answered::ServerError => Answer::kept(server_error().reply()),
        Answered::Late => {
            let late = made.but(Sent::Late);
            Answer { kept: Kept { busy: Some(LATE), ..late.kept }, ..late }
        }
    }
}

/// The end of a request that takes nothing.
fn end(untouched: Untouched) -> Result<Answer, Refusal> {
    let refused = Refusal::invalid;
    match untouched {
        Untouched::Silent => {
            Ok(Answer { sent: Sent::Silent, kept: Kept { reply: None, busy: Some(SILENCE) } })
        }
        Untouched::Lost => Ok(Answer::passing(Sent::Lost)),
        Untouched::Redirect => Ok(Answer::passing(Sent::AtOnce(redirect()))),
        Untouched::ServerError => Err(server_error()),
        Untouched::RateLimited => Err(rate_limited()),
        Untouched::TokenUsed => {
            let message = "You cannot use a token more than once.";
            Err(refused(message).with_code("token_already_used").after_it_ran())
        }
        Untouched::AmountTooSmall => {
            let message = "Amount is below the least that can be charged.";
            Err(refused(message).with_code("amount_too_small").about("amount").after_it_ran())
        }
    }
}

fn page() -> Reply {
    let body = Bytes::from_static(b"<!doctype html><title>One moment</title><p>One moment, please.");
    Reply { status: StatusCode::OK, body, content_type: "text/html; charset=utf-8", location: None }
}

fn padded(reply: &Reply) -> Reply {
    let mut body = reply.body.to_vec();
    body.resize(HUGE, b' ');
    Reply { body: body.into(), ..reply.clone() }
}

fn redirect() -> Reply {
    let location = Some("http://127.0.0.1:9/elsewhere");
    Reply { location, ..Reply::json(StatusCode::FOUND, &json!({})) }
}

/// The provider failed, and keeps that under the key.
pub(crate) fn server_error() -> Refusal {
    Refusal::invalid("An unknown error occurred.")
        .with_kind("api_error")
        .with_status(StatusCode::INTERNAL_SERVER_ERROR)
        .after_it_ran()
}

/// Too many requests: nothing ran.
pub(crate) fn rate_limited() -> Refusal {
    Refusal::invalid("Too many requests hit the API too quickly.")
        .with_code("rate_limit")
        .with_status(StatusCode::TOO_MANY_REQUESTS)
}

fn pix(intent: &PaymentIntent, seconds: i64) -> Value {
    let expires_at = intent.created.as_second().saturating_add(seconds);
    json!({
        "type": "pix_display_qr_code",
        "pix_display_qr_code": { "data": format!("00020126-sandbox-{}", intent.id), "expires_at": expires_at },
    })
}

impl State {
    /// Takes the money.
    pub(crate) fn take(&mut self, intent: &mut PaymentIntent) {
        intent.status = Status::Succeeded;
        intent.received = intent.amount;
        intent.charge = Some(self.ids.next("ch"));
        intent.next_action = None;
        intent.last_error = None;
    }

    /// Keeps a new intent, tells of it, and answers with it.
    fn made(&mut self, intent: PaymentIntent, kind: Option<&str>) -> Answer {
        let shown = intent.json();
        if let Some(kind) = kind {
            self.tell(kind, intent.account.as_deref(), &shown);
        }
        self.intents.push(intent);
        Answer::kept(Reply::ok(&shown))
    }

    /// Leaves the intent waiting, unless the request refuses an action.
    fn wait(
        &mut self,
        mut intent: PaymentIntent,
        status: Status,
        action: Option<Value>,
        refuses_action: bool,
    ) -> Result<Answer, Refusal> {
        if refuses_action {
            return Err(self.decline(intent, "authentication_required", "authentication_required"));
        }
        intent.status = status;
        intent.next_action = action;
        let kind = format!("payment_intent.{}", status.as_str());
        Ok(self.made(intent, Some(&kind)))
    }

    /// Keeps a new intent whose card was declined, tells of it, and refuses with it.
    fn decline(
        &mut self,
        mut intent: PaymentIntent,
        code: &'static str,
        decline_code: &'static str,
    ) -> Refusal {
        let refusal = declined(code, decline_code);
        intent.charge = Some(self.ids.next("ch"));
        intent.last_error = Some(refusal.error());
        let shown = intent.json();
        self.made(intent, Some("payment_intent.payment_failed"));
        refusal.with_intent(shown)
    }
}

/// A card error.
pub(crate) fn declined(code: &'static str, decline_code: &'static str) -> Refusal {
    let message = match code {
        "expired_card" => "Your card has expired.",
        "incorrect_cvc" => "Your card's security code is incorrect.",
        "processing_error" => "An error occurred while processing your card.",
        _ => "Your card was declined.",
    };
    let refusal = Refusal::invalid(message).with_status(StatusCode::PAYMENT_REQUIRED).after_it_ran();
    Refusal { decline_code: Some(decline_code), ..refusal.with_kind("card_error").with_code(code) }
}
