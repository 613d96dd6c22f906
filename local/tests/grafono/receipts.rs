//! A receipt from outside: the mail that brings it, the address that its QR code has, and the file, verified offline.

use crate::program::{Program, command, new_folder, remove_folder, run};
use crate::sign_up;
use serde_json::{Value, json};
use std::time::Duration;

#[expect(clippy::disallowed_methods, reason = "the test's own thread waits between two looks")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn post(program: &Program, bearer: &str, path: &str, body: &Value) -> Value {
    let headers = ["-H", bearer, "-H", "idempotency-key: k", "-H", "content-type: application/json", "-d"];
    program.curl(&[&headers[..], &[&body.to_string()]].concat(), path)["data"].clone()
}

#[test]
fn a_receipt_is_mailed_verified_by_its_code_and_by_its_file() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let made = sign_up("canary.ana@example.com").to_string();
    let made = program.curl(&["-d", &made, "-H", "content-type: application/json"], "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
    let patient = post(&program, &bearer, "/api/v1/patients", &json!({ "fullName": "Lia Lima" }));
    let income = json!({
        "patientId": patient["id"], "type": "income", "amountMinor": 15_000, "currency": "BRL", "method": "cash",
        "payer": { "name": "Ana Lima", "email": "canary.payer@example.com" },
    });
    let booked = post(&program, &bearer, "/api/v1/transactions", &income);
    let address = format!("/api/v1/receipts/{}", booked["receiptId"].as_str().unwrap());

    let mut tries = 200;
    while !program.curl_text(&[], "/local/mail").contains("canary.payer@example.com") && tries > 0 {
        tries -= 1;
        pause();
    }
    assert!(tries > 0, "the mail came");

    let receipt = program.curl(&["-H", &bearer], &address)["data"].clone();
    let code = receipt["code"].as_str().unwrap();
    let shown = program.curl(&["-L"], &format!("/verify-receipt?code={code}"))["data"].clone();
    assert_eq!((&shown["number"], &shown["status"]), (&json!(1), &json!("valid")), "{shown}");
    let hostile = program.curl_text(&["-i"], "/verify-receipt?code=../../jobs");
    assert!(hostile.starts_with("HTTP/1.1 404"), "{hostile}");

    let file = data.join("receipt.pdf");
    let (file, own) = (file.to_str().unwrap(), data.to_str().unwrap());
    let fetch = ["-H", &bearer, "-H", "accept: application/pdf", "-w", "%{http_code}", "-o", file];
    assert_eq!(program.curl_text(&fetch, &address), "200");
    let (code, out, error) = run(command(&["receipts", "verify", file, "--data", own]));
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(out.starts_with("valid:") && out.contains("Ana Lima"), "{out}");
    let changed = std::fs::read(file)
        .unwrap()
        .iter()
        .map(|byte| if *byte == b'5' { b'9' } else { *byte })
        .collect::<Vec<_>>();
    std::fs::write(file, changed).unwrap();
    let (code, out, error) = run(command(&["receipts", "verify", file, "--data", own]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(error.contains("was changed") || error.contains("no signed content"), "{error}");
    drop(program.stop());
    remove_folder(data);
}
