//! The sandbox's page: who looks, and what its buttons do.

use crate::program::Program;
use crate::sign_up;
use serde_json::{Value, json};
use std::time::Duration;

#[expect(clippy::disallowed_methods, reason = "the test's own thread waits between two looks")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn post(program: &Program, bearer: &str, key: &str, path: &str, body: &Value) -> Value {
    let (body, key) = (body.to_string(), format!("idempotency-key: {key}"));
    let headers = ["-H", bearer, "-H", &key, "-H", "content-type: application/json", "-d", &body];
    program.curl(&headers, path)["data"].clone()
}

#[test]
fn a_pix_is_paid_by_the_button_of_the_page_and_booked_by_its_event() {
    let program = Program::start(&[]);
    let sign_up = sign_up("canary.ana@example.com").to_string();
    let made = program.curl(&["-d", &sign_up, "-H", "content-type: application/json"], "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
    let patient = post(&program, &bearer, "1", "/api/v1/patients", &json!({ "fullName": "Beatriz Lima" }));
    let pix = json!({
        "patientId": patient["id"], "amountMinor": 15_000, "currency": "BRL", "paymentMethod": "pix",
    });
    let asked = post(&program, &bearer, "2", "/api/v1/payments", &pix);
    assert_eq!(asked["nextAction"]["type"], "pay_pix", "{asked}");

    let page = program.curl_text(&["-i"], "/local/payments");
    assert!(page.contains("form-action 'self'") && !page.contains("<script"), "{page}");
    let button = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(button.starts_with("/local/payments/pi_") && button.ends_with("/paid"), "{button}");
    for (arguments, path, status) in [
        (&["-i", "-X", "POST", "-H", "origin: http://evil.example"][..], button.as_str(), "403"),
        (&["-i", "-X", "POST", "-H", "host: evil.example"], &button, "403"),
        (&["-i"], &button, "405"),
        (&["-i", "-X", "POST"], "/local/payments", "405"),
        (&["-i", "-X", "POST"], "/local/payments/pi_1/paid", "404"),
        (&["-i", "-X", "POST"], "/local/payments/pi_1/stolen", "404"),
    ] {
        let refused = program.curl_text(arguments, path);
        assert!(refused.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {refused}");
    }

    let own = format!("origin: {}", program.address);
    let paid = program.curl_text(&["-i", "-X", "POST", "-H", &own], &button);
    assert!(paid.starts_with("HTTP/1.1 303"), "{paid}");
    let again = program.curl_text(&["-i", "-X", "POST", "-H", &own], &button);
    assert!(again.starts_with("HTTP/1.1 404"), "{again}");

    let address = format!("/api/v1/payments/{}", asked["id"].as_str().unwrap());
    let payment = || program.curl(&["-H", &bearer], &address)["data"].clone();
    let mut tries = 200;
    while payment()["status"] == "pending" && tries > 0 {
        tries -= 1;
        pause();
    }
    assert_eq!((&payment()["status"], &payment()["method"]), (&json!("succeeded"), &json!("pix")));
    drop(program.stop());
}
