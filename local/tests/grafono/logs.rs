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
