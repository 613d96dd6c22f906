//! The main job from outside, by curl: a clinic signs up, keeps patients, takes money.

use crate::program::Program;
use crate::{income, sign_up};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

const JSON: &str = "content-type: application/json";

/// A signed-in client of the program.
struct Client<'a> {
    program: &'a Program,
    bearer: String,
}

impl Client<'_> {
    fn sign_up<'a>(program: &'a Program, email: &str) -> Client<'a> {
        let made = program.curl(&["-d", &sign_up(email).to_string(), "-H", JSON], "/api/v1/clinics");
        let token = made["data"]["accessToken"].as_str().unwrap();
        Client { program, bearer: format!("authorization: Bearer {token}") }
    }

    fn get(&self, path: &str) -> Value {
        self.program.curl(&["-H", &self.bearer], path)
    }

    fn send(&self, method: &str, path: &str, body: &Value, header: &str) -> Value {
        let body = body.to_string();
        self.program.curl(&["-X", method, "-d", &body, "-H", JSON, "-H", &self.bearer, "-H", header], path)
    }
}

#[test]
fn a_clinic_signs_up_keeps_patients_and_takes_money() {
    let program = Program::start(&[]);
    let clinic = Client::sign_up(&program, "canary.ana@example.com");
    let login = json!({ "email": "canary.ana@example.com", "password": "a long and lonely road" });
    let session = program.curl(&["-d", &login.to_string(), "-H", JSON], "/api/v1/auth/login");
    assert_eq!(session["data"]["tokenType"], "Bearer");

    let add = |body: Value| clinic.send("POST", "/api/v1/patients", &body, "x: y");
    let wrong =
        json!({ "fullName": 1, "phone": "119", "email": "x", "birthDate": "1990-13-01", "document": "." });
    assert_eq!(add(wrong)["error"]["details"].as_array().unwrap().len(), 5);
    let first = add(json!({ "fullName": "Beatriz Lima", "phone": "+5521987650021" }));
    add(json!({ "fullName": "Canary Caio" }));
    let id = first["data"]["id"].as_str().unwrap();

    let page = clinic.get("/api/v1/patients?limit=1&includeTotal=true");
    let cursor = page["meta"]["nextCursor"].as_str().unwrap();
    let next = clinic.get(&format!("/api/v1/patients?limit=1&cursor={cursor}"));
    assert_eq!((&page["meta"]["total"], &page["data"][0]["fullName"]), (&json!(2), &json!("Canary Caio")));
    assert_eq!((&next["data"][0]["id"], &next["meta"]["hasMore"]), (&json!(id), &json!(false)));

    let record = |body: &Value| clinic.send("POST", "/api/v1/transactions", body, "idempotency-key: first");
    let recorded = record(&income(id));
    assert_eq!(record(&income(id)), recorded, "the same key again");
    let mut other = income(id);
    other["amountMinor"] = json!(1);
    assert_eq!(record(&other)["error"]["code"], "IDEMPOTENCY_KEY_REUSED");
    let balance = clinic.get(&format!("/api/v1/patients/{id}/balance"));
    assert_eq!(
        (&balance["data"]["balanceMinor"], &balance["data"]["currency"]),
        (&json!(15_000), &json!("BRL"))
    );

    let edit = |etag: &str| {
        let path = format!("/api/v1/patients/{id}");
        clinic.send("PATCH", &path, &json!({ "phone": null }), &format!("if-match: {etag}"))
    };
    assert_eq!(edit("\"1\"")["data"]["version"], 2);
    assert_eq!(edit("\"1\"")["error"]["code"], "VERSION_STALE");

    let other_clinic = Client::sign_up(&program, "canary.bia@example.com");
    let foreign = other_clinic.get(&format!("/api/v1/patients/{id}"));
    assert_eq!(foreign["error"]["code"], "PATIENT_NOT_FOUND");
    let (_, code) = program.stop();
    assert_eq!(code, Some(0));
}

#[test]
fn http_itself_is_answered_in_our_terms() {
    let program = Program::start(&[]);
    let head = program.curl_text(&["-I"], "/health/live");
    let large = new_body_of(2 * 1024 * 1024);
    let refused = program.curl(&["-d", &format!("@{}", large.display()), "-H", JSON], "/api/v1/clinics");
    let latin = program.curl(&["--data-binary", "@-", "-H", JSON], "/api/v1/clinics");
    let unknown = program.curl(&["-X", "BREW"], "/api/v1/patients");
    let _ = std::fs::remove_file(large);
    let live = program.curl_text(&[], "/health/live");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", live.len())), "{head}");
    assert_eq!(refused["error"]["code"], "BODY_TOO_LARGE");
    assert_eq!(latin["error"]["code"], "MALFORMED_JSON", "an empty body");
    assert_eq!(unknown["error"]["code"], "METHOD_NOT_ALLOWED");
}

/// A file of that many spaces: longer than a command line may be.
fn new_body_of(length: usize) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("grafono-body-{}", std::process::id()));
    std::fs::write(&path, " ".repeat(length)).unwrap();
    path
}

#[test]
fn a_body_that_breaks_off_or_is_framed_wrongly_is_never_executed() {
    let program = Program::start(&[]);
    let host = program.address.strip_prefix("http://").unwrap();
    let body = sign_up("canary.cut@example.com").to_string();
    for (framing, rest) in [
        ("content-length: 5000".to_owned(), body.clone()),
        ("transfer-encoding: chunked".to_owned(), format!("{:x}\r\n{body}\r\nZZZ\r\n", body.len())),
    ] {
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "POST /api/v1/clinics HTTP/1.1\r\nhost: x\r\n{JSON}\r\n{framing}\r\n\r\n{rest}")
            .unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply);
        assert!(!reply.contains(" 201 "), "{framing}: {reply}");
    }
    let made = program.curl(&["-d", &body, "-H", JSON], "/api/v1/clinics");
    assert_eq!(made["success"], true, "the address was still free: {made}");
}
