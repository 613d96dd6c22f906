//! Reading, listing and cancelling payment intents.

use crate::asked::Asked;
use crate::form::{Form, out_of_bounds};
use crate::intent::PaymentIntent;
use crate::reply::{Answer, Refusal, Reply};
use crate::state::State;
use crate::status::Status;
use http::StatusCode;
use serde_json::{Value, json};

/// How many intents a page has when nothing else is said, and at most.
const PAGE: (i64, i64) = (10, 100);

fn missing(id: &str) -> Refusal {
    Refusal::missing("payment_intent", id, "intent").with_status(StatusCode::NOT_FOUND)
}

/// `GET /v1/payment_intents/{id}`.
pub(crate) fn get(state: &mut State, asked: &Asked, id: &str) -> Result<Answer, Refusal> {
    Form::of(&asked.pairs, &["client_secret"])?;
    let intent = state.intent_of(asked.account.as_deref(), id).ok_or_else(|| missing(id))?;
    Ok(Answer::kept(Reply::ok(&intent.json())))
}

/// `POST /v1/payment_intents/{id}/cancel`.
pub(crate) fn cancel(state: &mut State, asked: &Asked, id: &str) -> Result<Answer, Refusal> {
    Form::of(&asked.pairs, &["cancellation_reason"])?;
    let account = asked.account.as_deref();
    let intent = state.intent_of(account, id).ok_or_else(|| missing(id))?;
    if !matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresAction) {
        let message = format!("This PaymentIntent has the status {}.", intent.status.as_str());
        return Err(Refusal::invalid(message)
            .with_code("payment_intent_unexpected_state")
            .with_intent(intent.json())
            .after_it_ran());
    }
    intent.status = Status::Canceled;
    intent.next_action = None;
    let shown = intent.json();
    state.tell("payment_intent.canceled", account, &shown);
    Ok(Answer::kept(Reply::ok(&shown)))
}

/// `GET /v1/payment_intents`: the newest first.
pub(crate) fn list(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let form = Form::of(&asked.pairs, &["limit", "starting_after", "created[gte]", "created[lt]"])?;
    let (usual, most) = PAGE;
    let limit = form.integer("limit")?.unwrap_or(usual);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|_| (1..=most).contains(&limit))
        .ok_or_else(|| out_of_bounds("limit", "A page has 1 to 100 objects."))?;
    let account = asked.account.as_deref();
    let after = form.text("starting_after")?;
    if let Some(id) = after.filter(|id| state.intent_of(account, id).is_none()) {
        return Err(Refusal::missing("payment_intent", id, "starting_after"));
    }
    let (from, until) = (form.integer("created[gte]")?, form.integer("created[lt]")?);
    let is_listed = |intent: &&PaymentIntent| {
        let created = intent.created.as_second();
        intent.account.as_deref() == account
            && from.is_none_or(|from| created >= from)
            && until.is_none_or(|until| created < until)
    };
    let mut newest: Box<dyn Iterator<Item = &PaymentIntent>> = Box::new(state.intents.iter().rev());
    if let Some(id) = after {
        newest = Box::new(newest.skip_while(move |intent| intent.id != id).skip(1));
    }
    let mut found = newest.filter(is_listed);
    let data: Vec<Value> = found.by_ref().take(limit).map(PaymentIntent::json).collect();
    let has_more = found.next().is_some();
    let page = json!({ "object": "list", "url": "/v1/payment_intents", "data": data, "has_more": has_more });
    Ok(Answer::kept(Reply::ok(&page)))
}
