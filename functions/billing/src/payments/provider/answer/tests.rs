use super::super::{Asked, Means};
use super::*;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use shared::validation::Secret;
use uuid::Uuid;

fn asked() -> Asked {
    Asked {
        clinic: Uuid::from_u128(7),
        payment: Uuid::from_u128(8),
        account: None,
        amount_minor: 15_000,
        currency: "BRL".to_owned(),
        means: Means::Card(Secret::new("pm_1".to_owned())),
    }
}

fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 15_000,
        "amount_received": if status == "succeeded" { 15_000 } else { 0 }, "currency": "brl", "created": 1_700_000_000,
        "metadata": {
            "clinicId": Uuid::from_u128(7).to_string(),
            "paymentId": Uuid::from_u128(8).to_string(),
            "deployment": "test",
        },
        "last_payment_error": null,
    })
}

fn error(kind: &str, code: &str) -> Value {
    json!({ "error": { "type": kind, "code": code, "message": "Ada Lovelace's card" } })
}

fn reply(status: u16, body: &Value) -> HttpReply {
    let status = StatusCode::from_u16(status).unwrap();
    HttpReply { status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) }
}

fn meaning(called: &Result<HttpReply, CallError<HttpError>>) -> Answer {
    let asked = asked();
    Answer::of(called, &Terms::of(&asked, "test").unwrap())
}

fn answer(status: u16, body: &Value) -> Answer {
    meaning(&Ok(reply(status, body)))
}

fn changed(status: &str, pointer: &str, value: Value) -> Answer {
    let mut body = intent(status);
    *body.pointer_mut(pointer).unwrap() = value;
    answer(200, &body)
}

fn pi_1() -> String {
    "pi_1".to_owned()
}

#[test]
fn money_is_taken_when_everything_says_so() {
    assert_eq!(answer(200, &intent("succeeded")), Answer::Succeeded { intent: pi_1() });
    assert_eq!(answer(200, &intent("processing")), Answer::Pending { intent: pi_1() });
    assert_eq!(answer(200, &intent("requires_action")), Answer::Pending { intent: pi_1() });
    let mut asks = intent("requires_action");
    asks["client_secret"] = json!("pi_1_secret_2");
    asks["next_action"] = json!({ "type": "use_stripe_sdk", "use_stripe_sdk": {} });
    let action = Action::Authenticate { client_secret: Secret::new("pi_1_secret_2".to_owned()) };
    assert_eq!(answer(200, &asks), Answer::Waits { intent: pi_1(), action });
}

#[test]
fn an_intent_that_is_not_as_asked_is_another() {
    let another = Answer::Another { intent: Some(pi_1()) };
    for status in ["succeeded", "processing", "requires_action"] {
        for (pointer, value) in [
            ("/amount", json!(15_001)),
            ("/amount", json!(-15_000)),
            ("/currency", json!("usd")),
            ("/currency", json!("BRL")),
            ("/metadata", Value::Null),
            ("/metadata/clinicId", json!(Uuid::from_u128(9).to_string())),
            ("/metadata/paymentId", json!(9)),
            ("/metadata/deployment", json!("other")),
        ] {
            assert_eq!(changed(status, pointer, value), another, "{status} {pointer}");
        }
    }
    for received in [0, 14_999, 15_001, -15_000] {
        assert_eq!(changed("succeeded", "/amount_received", json!(received)), another, "{received}");
    }
    for status in
        ["requires_payment_method", "requires_confirmation", "requires_capture", "canceled", "new", ""]
    {
        assert_eq!(answer(200, &intent(status)), another, "{status}");
    }
    for id in ["", "ch_1", "pi_1/cancel", "pi_\n"] {
        assert_eq!(changed("succeeded", "/id", json!(id)), Answer::Another { intent: None }, "{id}");
    }
}

#[test]
fn a_declined_card_is_final_and_its_codes_are_plain() {
    let mut body = error("card_error", "card_declined");
    body["error"]["decline_code"] = json!("insufficient_funds");
    body["error"]["payment_intent"] = intent("requires_payment_method");
    let declined = |intent: Option<String>, code: &str, decline_code: &str| Answer::Declined {
        intent,
        code: code.to_owned(),
        decline_code: decline_code.to_owned(),
    };
    assert_eq!(answer(402, &body), declined(Some(pi_1()), "card_declined", "insufficient_funds"));
    body["error"]["decline_code"] = json!("Ada <script>");
    body["error"]["code"] = Value::Null;
    assert_eq!(answer(402, &body), declined(Some(pi_1()), "unknown", "unknown"));
    let expired = error("card_error", "expired_card");
    assert_eq!(answer(402, &expired), declined(None, "expired_card", "expired_card"));
}

#[test]
fn a_refusal_with_an_intent_that_may_have_taken_money_is_unknown() {
    for (status, kind, code) in
        [(402, "card_error", "card_declined"), (400, "invalid_request_error", "amount_too_small")]
    {
        for held in ["succeeded", "processing", "requires_action", "requires_capture", "new"] {
            let mut body = error(kind, code);
            body["error"]["payment_intent"] = intent(held);
            assert_eq!(answer(status, &body), Answer::Unknown, "{status} {held}");
        }
        let mut body = error(kind, code);
        body["error"]["payment_intent"] = intent("canceled");
        body["error"]["payment_intent"]["amount_received"] = json!(1);
        assert_eq!(answer(status, &body), Answer::Unknown);
        let mut advised = reply(status, &error(kind, code));
        advised.headers.insert(SHOULD_RETRY, HeaderValue::from_static("true"));
        assert_eq!(meaning(&Ok(advised)), Answer::Unknown, "{status}: it may end otherwise");
    }
}

#[test]
fn only_what_is_about_the_card_or_the_amount_is_refused_for_good() {
    for code in OF_CARD_OR_AMOUNT {
        let refused = Answer::Refused { code: code.to_owned() };
        assert_eq!(answer(400, &error("invalid_request_error", code)), refused);
        assert_eq!(answer(400, &error("api_error", code)), Answer::Unknown, "{code}");
        assert_eq!(answer(404, &error("invalid_request_error", code)), Answer::Unknown, "{code}");
    }
    for ours in
        ["parameter_unknown", "parameter_missing", "parameter_invalid_integer", "token_in_use", "new", ""]
    {
        assert_eq!(answer(400, &error("invalid_request_error", ours)), Answer::Unknown, "{ours}");
    }
    assert_eq!(answer(400, &error("idempotency_error", "")), Answer::Mismatch);
    assert_eq!(answer(402, &error("invalid_request_error", "card_declined")), Answer::Unknown);
}

#[test]
fn what_was_turned_away_at_the_door_took_nothing() {
    let away = |alarm| Answer::NotSent { wait: SHORTLY, alarm };
    assert_eq!(answer(401, &error("invalid_request_error", "api_key_expired")), away(true));
    assert_eq!(answer(403, &error("invalid_request_error", "account_invalid")), away(true));
    assert_eq!(answer(429, &error("invalid_request_error", "rate_limit")), away(false));
    assert_eq!(answer(429, &error("invalid_request_error", "lock_timeout")), Answer::Unknown);
    for status in [401, 403, 429] {
        assert_eq!(answer(status, &json!("nobody knows who says so")), Answer::Unknown, "{status}");
    }
}

#[test]
fn any_other_status_is_unknown_whatever_it_says() {
    for status in [201, 202, 204, 301, 303, 307, 404, 409, 410, 418, 424, 500, 502, 503, 504] {
        assert_eq!(answer(status, &intent("succeeded")), Answer::Unknown, "{status}");
        assert_eq!(answer(status, &error("card_error", "card_declined")), Answer::Unknown, "{status}");
    }
}

#[test]
fn what_was_not_sent_says_when_to_come_again() {
    let away = |seconds| Answer::NotSent { wait: Duration::from_secs(seconds), alarm: false };
    assert_eq!(meaning(&Err(CallError::BreakerOpen(Duration::from_secs(17)))), away(17));
    assert_eq!(meaning(&Err(CallError::Paced(Duration::from_secs(9)))), away(9));
    assert_eq!(meaning(&Err(CallError::OutOfTime)), away(1));
    assert_eq!(meaning(&Err(CallError::Failed(HttpError::NotReached))), away(1));
    for error in
        [CallError::TimedOut, CallError::Failed(HttpError::Broken), CallError::Failed(HttpError::TooLong)]
    {
        assert_eq!(meaning(&Err(error)), Answer::Unknown);
    }
}

#[test]
fn who_holds_a_stolen_card_does_not_learn_that_it_is_known() {
    for kept in ["lost_card", "stolen_card", "fraudulent", "merchant_blacklist"] {
        assert_eq!(told(kept), "generic_decline");
    }
    for shown in ["insufficient_funds", "generic_decline", "expired_card", "unknown"] {
        assert_eq!(told(shown), shown);
    }
}
