//! Replies that nobody should send. None of them ends a payment.

use crate::server::{Server, reply};
use crate::{asked, charged, intent, provider, soon};
use billing::payments::provider::{Answer, Fence};
use serde_json::{Value, json};
use shared::deadline::Deadline;
use std::time::Duration;

async fn charged_by(bytes: Vec<u8>) -> Answer {
    let server = Server::of(bytes).await;
    let answer = provider(&server.url).charge(&asked(), soon()).await;
    assert_eq!(server.asked().len(), 1, "asked once");
    answer
}

fn changed(pointer: &str, value: Value) -> String {
    let mut body = intent("succeeded");
    *body.pointer_mut(pointer).unwrap() = value;
    body.to_string()
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown() {
    let whole = intent("succeeded").to_string();
    let twice = whole.replacen('{', r#"{"status":"processing","#, 1);
    let bodies = [
        ("nothing", String::new()),
        ("HTML", "<html><body>succeeded</body></html>".to_owned()),
        ("half of it", whole[..whole.len() / 2].to_owned()),
        ("more behind it", format!("{whole}{whole}")),
        ("a list", format!("[{whole}]")),
        ("null", "null".to_owned()),
        ("another shape", json!({ "data": intent("succeeded") }).to_string()),
        ("an amount in a string", changed("/amount", json!("15000"))),
        ("what came in a string", changed("/amount_received", json!("15000"))),
        ("half an amount", changed("/amount", json!(15_000.5))),
        ("no number that there is", changed("/amount", json!(u64::MAX))),
        ("an id that is none", changed("/id", json!({ "pi": 1 }))),
        ("a status that is none", changed("/status", json!(["succeeded"]))),
        ("a status twice", twice),
        ("depth", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
    ];
    for (what, body) in bodies {
        assert_eq!(charged("200 OK", &body).await, Answer::Unknown, "{what}");
    }
    let mut bytes = whole.into_bytes();
    bytes[10] = 0xff;
    assert_eq!(charged_by(reply("200 OK", "", &bytes)).await, Answer::Unknown, "no UTF-8");
}

#[tokio::test]
async fn another_amount_or_currency_is_seen() {
    let another = Answer::Another { intent: Some("pi_1".to_owned()) };
    for (pointer, value) in [
        ("/amount", json!(1)),
        ("/amount", json!(-15_000)),
        ("/amount_received", json!(14_999)),
        ("/currency", json!("usd")),
        ("/metadata/paymentId", json!("00000000-0000-0000-0000-000000000009")),
        ("/metadata", Value::Null),
    ] {
        assert_eq!(charged("200 OK", &changed(pointer, value.clone())).await, another, "{pointer} {value}");
    }
}

#[tokio::test]
async fn a_reply_is_read_up_to_a_limit() {
    let mut body = intent("succeeded");
    body["description"] = json!("a".repeat(250 * 1024));
    assert!(matches!(charged("200 OK", &body.to_string()).await, Answer::Succeeded { .. }));
    body["description"] = json!("a".repeat(256 * 1024));
    assert_eq!(charged("200 OK", &body.to_string()).await, Answer::Unknown);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::saying("200 OK", &intent("succeeded").to_string()).await;
    for status in ["301 Moved Permanently", "303 See Other", "307 Temporary Redirect"] {
        let headers = format!("location: {}/v1/payment_intents\r\n", elsewhere.url);
        assert_eq!(charged_by(reply(status, &headers, b"")).await, Answer::Unknown, "{status}");
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn half_a_reply_and_none_are_unknown() {
    let whole = reply("200 OK", "", intent("succeeded").to_string().as_bytes());
    assert_eq!(charged_by(whole[..whole.len() - 1].to_vec()).await, Answer::Unknown, "half a body");
    assert_eq!(charged_by(whole[..20].to_vec()).await, Answer::Unknown, "half a head");
    assert_eq!(charged_by(b"\0\x01\x02 not HTTP".to_vec()).await, Answer::Unknown, "no head");
    let silent = Server::of(Vec::new()).await;
    let soon = Deadline::within(Duration::from_millis(600));
    assert_eq!(provider(&silent.url).charge(&asked(), soon).await, Answer::Unknown, "nothing in time");
    assert_eq!(silent.asked().len(), 1);
}

#[tokio::test]
async fn odd_codes_go_no_further() {
    for odd in [json!("Stolen Card"), json!("<script>"), json!("a".repeat(65)), json!("\u{202e}"), json!("")]
    {
        let body = json!({ "error": {
            "type": "card_error", "code": odd, "decline_code": odd, "message": "Ada",
            "payment_intent": { "id": odd, "status": "canceled", "amount": 1, "currency": "brl" },
        } });
        let unknown = || "unknown".to_owned();
        let expected = Answer::Declined { intent: None, code: unknown(), decline_code: unknown() };
        assert_eq!(charged("402 Payment Required", &body.to_string()).await, expected, "{odd}");
    }
    let number = json!({ "error": { "type": "card_error", "code": 7 } }).to_string();
    assert_eq!(charged("402 Payment Required", &number).await, Answer::Unknown);
}

#[tokio::test]
async fn nobody_else_turns_a_payment_away() {
    for status in ["400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden"] {
        for body in ["", "<html>blocked</html>", "{}", r#"{"error":"card_declined"}"#] {
            assert_eq!(charged(status, body).await, Answer::Unknown, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_fence_that_is_answered_oddly_is_for_later() {
    let taken = intent("succeeded").to_string();
    let other = changed("/amount", json!(1)).replace("succeeded", "requires_payment_method");
    let used = r#"{"error":{"type":"invalid_request_error","code":"idempotency_error"}}"#;
    for (status, body) in [
        ("200 OK", taken.as_str()),
        ("200 OK", other.as_str()),
        ("200 OK", "<html>"),
        ("400 Bad Request", used),
        ("400 Bad Request", "idempotency_error"),
        ("409 Conflict", "{}"),
        ("500 Internal Server Error", taken.as_str()),
    ] {
        let server = Server::saying(status, body).await;
        assert_eq!(provider(&server.url).fence(&asked(), soon()).await, Fence::Later, "{status} {body}");
    }
}
