use super::*;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

fn asked() -> RefundAsked {
    RefundAsked {
        clinic: Uuid::from_u128(7),
        payment: Uuid::from_u128(8),
        refund: Uuid::from_u128(9),
        account: None,
        intent: "pi_1".to_owned(),
        amount_minor: 500,
        currency: "BRL".to_owned(),
    }
}

fn made() -> Value {
    json!({ "id": "re_1", "status": "succeeded", "amount": 500, "currency": "brl", "payment_intent": "pi_1",
            "metadata": { "clinicId": Uuid::from_u128(7), "refundId": Uuid::from_u128(9), "deployment": "test" } })
}

fn answer(status: StatusCode, body: &Value) -> RefundAnswer {
    let body = Bytes::from(body.to_string());
    RefundAnswer::of(&Ok(HttpReply { status, headers: HeaderMap::new(), body }), &asked())
}

#[test]
fn a_refund_is_one_form() {
    let expected = "payment_intent=pi_1&amount=500\
        &metadata%5BclinicId%5D=00000000-0000-0000-0000-000000000007\
        &metadata%5BpaymentId%5D=00000000-0000-0000-0000-000000000008\
        &metadata%5BrefundId%5D=00000000-0000-0000-0000-000000000009&metadata%5Bdeployment%5D=test";
    assert_eq!(asked().form("test").unwrap(), expected);
    let no_such_amount = RefundAsked { currency: "MGA".to_owned(), amount_minor: 550, ..asked() };
    assert_eq!(no_such_amount.form("test"), None);
}

#[test]
fn a_refund_is_this_one_only_if_all_of_it_is() {
    assert!(matches!(answer(StatusCode::OK, &made()), RefundAnswer::Made(_)));
    for (member, value) in [
        ("amount", json!(501)),
        ("currency", json!("eur")),
        ("payment_intent", json!("pi_2")),
        ("metadata", json!({})),
        ("metadata", json!({ "clinicId": Uuid::from_u128(7), "refundId": Uuid::from_u128(8) })),
    ] {
        let mut other = made();
        other[member] = value;
        assert_eq!(answer(StatusCode::OK, &other), RefundAnswer::Unknown { alarm: true }, "{other}");
    }
    let mut odd = made();
    odd["id"] = json!("../re_1");
    assert_eq!(answer(StatusCode::OK, &odd), RefundAnswer::Unknown { alarm: false });
}

#[test]
fn the_states_are_told_apart() {
    for (status, expected) in [
        ("pending", RefundState::Pending),
        ("requires_action", RefundState::Pending),
        ("succeeded", RefundState::Succeeded),
        ("failed", RefundState::Failed),
        ("canceled", RefundState::Failed),
        ("else", RefundState::Unknown),
    ] {
        let mut one = made();
        one["status"] = json!(status);
        let RefundAnswer::Made(found) = answer(StatusCode::OK, &one) else { panic!("{status}") };
        assert_eq!(found.status, expected);
    }
}

#[test]
fn only_what_stays_true_is_final() {
    let error = |code: Value, param: Value| json!({ "error": { "type": "invalid_request_error", "code": code, "param": param } });
    let bad = StatusCode::BAD_REQUEST;
    let refused = |code: &str| RefundAnswer::Refused { code: code.to_owned() };
    for code in FINAL {
        assert_eq!(answer(bad, &error(json!(code), Value::Null)), refused(code));
    }
    assert_eq!(answer(bad, &error(Value::Null, json!("amount"))), refused(TOO_MUCH));
    for (status, body, alarm) in [
        (bad, error(json!("parameter_unknown"), json!("metadata")), true),
        (bad, json!({ "error": { "type": "idempotency_error" } }), true),
        (StatusCode::CONFLICT, json!({ "error": { "type": "idempotency_error" } }), false),
        (StatusCode::UNAUTHORIZED, error(Value::Null, Value::Null), true),
        (StatusCode::TOO_MANY_REQUESTS, error(Value::Null, Value::Null), false),
        (StatusCode::OK, json!({}), false),
    ] {
        assert_eq!(answer(status, &body), RefundAnswer::Unknown { alarm }, "{status} {body}");
    }
    let broken = answer(StatusCode::INTERNAL_SERVER_ERROR, &error(json!("charge_disputed"), Value::Null));
    assert_eq!(broken, RefundAnswer::Broken);
}
