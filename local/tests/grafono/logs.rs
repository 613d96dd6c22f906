//! What the log says: one JSON line a request with the agreed fields (F1), and nothing personal (F2).

use crate::program::Program;
use serde_json::{Value, json};

#[test]
fn a_request_leaves_one_json_line_with_the_agreed_fields_and_nothing_personal() {
    let program = Program::start(&[]);
    let body = json!({
        "clinicName": "canary-clinic", "timeZone": "UTC", "currency": "BRL", "ownerName": "canary-owner",
        "email": "canary@example.com", "password": "canary-password",
    });
    let made =
        program.curl(&["-d", &body.to_string(), "-H", "content-type: application/json"], "/api/v1/clinics");
    let token = made["data"]["accessToken"].as_str().unwrap().to_owned();
    let bearer = format!("authorization: Bearer {token}");
    let patient =
        json!({ "fullName": "canary-name", "phone": "canary-phone", "birthDate": 7, "email": 1, "x": 2 });
    let refused = program.curl(
        &["-d", &patient.to_string(), "-H", "content-type: application/json", "-H", &bearer],
        "/api/v1/patients?canary=canary",
    );
    assert_eq!(refused["error"]["statusCode"], 400, "{refused}");
    let again =
        program.curl(&["-d", &body.to_string(), "-H", "content-type: application/json"], "/api/v1/clinics");
    assert_eq!(again["error"]["code"], "EMAIL_TAKEN");
    let database_log = program.database_log();
    assert!(database_log.contains("accounts_email_unique"), "the violation is in the database's log");
    assert!(!database_log.contains("canary"), "{database_log}");
    let (log, _) = program.stop();

    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let asked = |line: &&Value| line["requestId"] == refused["meta"]["requestId"];
    let [line] = lines.iter().filter(asked).collect::<Vec<_>>()[..] else {
        unreachable!("one line a request: {log}");
    };
    assert_eq!(line["function"], "create-patient");
    for field in
        ["timestamp", "level", "event", "message", "requestId", "traceId", "userId", "clinicId", "version"]
    {
        assert!(line[field].is_string(), "{field}: {line}");
    }
    assert!(line["coldStart"].is_boolean() && line["durationMs"].is_u64());
    assert_eq!(line["clinicId"], made["data"]["clinic"]["id"]);
}

/// What somebody writes who wants lines of another's making in the log, or a line that no program reads.
const BREAKING: &str = "canary\",\"level\":\"ERROR\"}\\n{\"event\":\"request";

/// First lines and further ones of requests that a reader of logs might stumble over.
fn breaking(bearer: &str, patient: &str) -> Vec<(String, String)> {
    let first = |method: &str, path: &str| format!("{method} {path} HTTP/1.1");
    let signed = format!("{bearer}\r\ncontent-type: application/json\r\n");
    let headers = [
        "user-agent",
        "x-request-id",
        "x-amzn-trace-id",
        "traceparent",
        "tracestate",
        "accept",
        "if-none-match",
        "if-match",
        "idempotency-key",
        "cookie",
        "origin",
        "referer",
        "x-forwarded-for",
    ];
    let everywhere = headers.map(|name| format!("{name}: {BREAKING}\r\n")).concat();
    let encoded = "/api/v1/patients/%0d%0a%7b%22level%22:%22ERROR%22%7d%00canary";
    let query = "/api/v1/patients?canary=%0d%0a{%22level%22:%22ERROR%22}&{canary}='|^`";
    vec![
        (first("GET", "/health/live"), everywhere.clone()),
        (first("POST", "/api/v1/patients"), format!("{signed}{everywhere}")),
        (first("GET", encoded), signed.clone()),
        (first("GET", "/canary\"},{\"level\":\"ERROR\"}"), signed.clone()),
        (first("GET", query), signed.clone()),
        (first("GET", "/api/v1/me"), format!("authorization: Bearer {BREAKING}\r\n")),
        (first("CANARY'|`^~", "/api/v1/me"), signed.clone()),
        (first("CANARY", "/canary"), String::new()),
        (first("POST", "/api/v1/patients"), format!("{bearer}\r\ncontent-type: {BREAKING}\r\n")),
        (
            first("PATCH", &format!("/api/v1/patients/{patient}")),
            format!("{signed}if-match: \"\t\u{e9}canary\"\r\n"),
        ),
    ]
}

#[test]
fn whatever_a_caller_sends_is_one_line_of_json_and_says_nothing_of_it() {
    let program = Program::start(&[]);
    let json_type = ["-H", "content-type: application/json"];
    let body = crate::sign_up("canary@example.com").to_string();
    let made = program.curl(&[&["-d", &body], &json_type[..]].concat(), "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
    let said = json!({ "fullName": "Canary \"O'Neil\", {\"level\":\"ERROR\"}", "notes": "canary\r\n{\"event\":\"request\"}\n" });
    let arguments = ["-d", &said.to_string(), "-H", &bearer];
    let patient = program.curl(&[&arguments, &json_type[..]].concat(), "/api/v1/patients");
    let mut requests = Vec::new();
    for (first, further) in breaking(&bearer, patient["data"]["id"].as_str().unwrap()) {
        let body = said.to_string();
        let head =
            format!("{first}\r\nhost: x\r\n{further}content-length: {}\r\nconnection: close", body.len());
        let reply = program.send(&format!("{head}\r\n\r\n{body}"));
        let id = reply.split("x-request-id: ").nth(1).unwrap_or_else(|| unreachable!("{first}: {reply}"));
        requests.push(json!(id.split("\r\n").next().unwrap()));
    }
    let (log, _) = program.stop();

    let (_, log) = log.split_once("stop: Ctrl-C").unwrap();
    let read =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|_| unreachable!("no line of JSON: {line}"));
    let lines: Vec<Value> = log.lines().filter(|line| !line.is_empty()).map(read).collect();
    for line in &lines {
        assert!(["INFO", "WARN"].contains(&line["level"].as_str().unwrap()), "{line}");
    }
    for request in &requests {
        let of_request: Vec<&Value> = lines.iter().filter(|line| line["requestId"] == *request).collect();
        assert!(of_request.len() == 1 && of_request[0]["event"] == "request", "{of_request:?}");
        let method = of_request[0]["method"].as_str().unwrap();
        assert!(["GET", "POST", "PATCH", "_OTHER"].contains(&method), "{method}");
    }
}
