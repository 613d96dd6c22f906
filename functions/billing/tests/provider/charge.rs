use crate::server::Server;
use crate::{asked, charged, error, intent, provider, soon};
use billing::payments::provider::{Answer, Provider};
use shared::deadline::Deadline;
use shared::validation::Secret;
use std::time::Duration;
use testkit::open_part;

#[tokio::test]
async fn a_charge_is_one_request_and_its_repetition_is_the_same_to_the_byte() {
    let server = Server::saying("200 OK", &intent("succeeded").to_string()).await;
    let provider = provider(&server.url);

    let first = provider.charge(&asked(), soon()).await;
    let second = provider.charge(&asked(), soon()).await;

    assert_eq!(first, Answer::Succeeded { intent: "pi_1".to_owned() });
    assert_eq!(first, second);
    let requests = server.asked();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    let (head, body) = &requests[0];
    assert!(head.starts_with("post /v1/payment_intents http/1.1\r\n"), "{head}");
    for line in [
        "authorization: bearer sk_test_1",
        "stripe-version: 2026-10-28.endive",
        "stripe-account: acct_1",
        "idempotency-key: 00000000-0000-0000-0000-000000000008",
        "content-type: application/x-www-form-urlencoded",
    ] {
        assert!(head.lines().any(|own| own == line), "{line}: {head}");
    }
    let expected = "amount=15000&currency=brl\
        &metadata%5BclinicId%5D=00000000-0000-0000-0000-000000000007\
        &metadata%5BpaymentId%5D=00000000-0000-0000-0000-000000000008\
        &metadata%5Bdeployment%5D=test&confirm=true&use_stripe_sdk=true\
        &payment_method_types%5B%5D=card&payment_method=pm_card_visa";
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_clinic_without_an_account_is_paid_into_ours() {
    let server = Server::saying("200 OK", &intent("processing").to_string()).await;
    let mut asked = asked();
    asked.account = None;
    let answer = provider(&server.url).charge(&asked, soon()).await;
    assert_eq!(answer, Answer::Pending { intent: "pi_1".to_owned() });
    assert!(!server.asked()[0].0.contains("stripe-account"));
}

#[tokio::test]
async fn a_refusal_is_read_with_its_status() {
    let away = |alarm| Answer::NotSent { wait: Duration::from_secs(1), alarm };
    let declined = error("card_error", "card_declined").to_string();
    assert!(matches!(charged("402 Payment Required", &declined).await, Answer::Declined { .. }));
    let refused = Answer::Refused { code: "token_already_used".to_owned() };
    let used = error("invalid_request_error", "token_already_used").to_string();
    assert_eq!(charged("400 Bad Request", &used).await, refused);
    let mismatch = error("idempotency_error", "").to_string();
    assert_eq!(charged("400 Bad Request", &mismatch).await, Answer::Mismatch);
    let key = error("invalid_request_error", "api_key_expired").to_string();
    assert_eq!(charged("401 Unauthorized", &key).await, away(true));
    assert_eq!(charged("403 Forbidden", &key).await, away(true));
    let limited = error("invalid_request_error", "rate_limit").to_string();
    assert_eq!(charged("429 Too Many Requests", &limited).await, away(false));
    let running = error("idempotency_error", "idempotency_key_in_use").to_string();
    assert_eq!(charged("409 Conflict", &running).await, Answer::Unknown);
    let broken = error("api_error", "").to_string();
    assert_eq!(charged("500 Internal Server Error", &broken).await, Answer::Unknown);
}

#[tokio::test]
async fn an_open_breaker_sends_nothing_and_says_for_how_long() {
    let server = Server::saying("503 Service Unavailable", "").await;
    let provider = provider(&server.url);
    for _ in 0..5 {
        assert_eq!(provider.charge(&asked(), soon()).await, Answer::Unknown);
    }
    let Answer::NotSent { wait, alarm: false } = provider.charge(&asked(), soon()).await else {
        unreachable!("the breaker is open")
    };
    assert!(wait > Duration::from_secs(5), "{wait:?}");
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn without_a_key_time_or_a_fitting_amount_nobody_is_asked() {
    let server = Server::saying("200 OK", &intent("succeeded").to_string()).await;
    let away = |alarm| Answer::NotSent { wait: Duration::from_secs(1), alarm };
    let keyless = Provider::at(&server.url, None, "test", open_part(&[]).unwrap()).unwrap();
    assert!(!keyless.is_set_up() && provider(&server.url).is_set_up());
    assert_eq!(keyless.charge(&asked(), soon()).await, away(true));
    let late = Deadline::within(Duration::from_millis(100));
    assert_eq!(provider(&server.url).charge(&asked(), late).await, away(false));
    let mut odd = asked();
    odd.currency = "MGA".to_owned();
    odd.amount_minor = 150;
    let refused = Answer::Refused { code: "currency_not_chargeable".to_owned() };
    assert_eq!(provider(&server.url).charge(&odd, soon()).await, refused);
    let mut split = asked();
    split.account = Some("acct_1\r\nx: y".to_owned());
    assert_eq!(provider(&server.url).charge(&split, soon()).await, away(false));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let answer = provider(&url).charge(&asked(), soon()).await;
    assert_eq!(answer, Answer::NotSent { wait: Duration::from_secs(1), alarm: false });
}

#[test]
fn a_key_that_is_no_header_and_an_address_that_is_none_are_refused() {
    let external = || open_part(&[]).unwrap();
    let bad = Secret::new("sk\n".to_owned());
    assert!(Provider::at("https://a.example", Some(&bad), "test", external()).is_err());
    for url in ["", "a.example", "https://a.example/v1?x=", "https://a.example/path"] {
        assert!(Provider::at(url, None, "test", external()).is_err(), "{url}");
    }
}
