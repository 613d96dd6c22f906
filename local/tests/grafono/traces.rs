//! What the whole program sends to a collector: a tree of spans for each call, and nothing personal (F2, F3).

use crate::program::Program;
use serde_json::{Value, json};
use testkit::{Receiver, attribute};

/// A call as part of a trace of its own.
fn traced(program: &Program, trace: &str, path: &str, body: &Value, headers: &[&str]) -> Value {
    let parent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
    let body = body.to_string();
    let mut arguments =
        vec!["-d", body.as_str(), "-H", "content-type: application/json", "-H", parent.as_str()];
    arguments.extend(headers.iter().flat_map(|header| ["-H", header]));
    program.curl(&arguments, path)
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the receiver has libraries for x86-64 alone")]
fn every_call_is_a_tree_of_spans_and_nothing_personal_is_in_one() {
    let receiver = Receiver::start();
    let program = Program::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())]);
    let traces = ["a", "b", "c"].map(|digit| digit.repeat(32));
    let [made, refused, unknown] = &traces;

    let clinic = json!({
        "clinicName": "canary-clinic", "timeZone": "UTC", "currency": "BRL", "ownerName": "canary-owner",
        "email": "canary@example.com", "password": "canary-password",
    });
    let token = traced(&program, made, "/api/v1/clinics", &clinic, &[]);
    let bearer = format!("authorization: Bearer {}", token["data"]["accessToken"].as_str().unwrap());
    let patient = json!({ "fullName": 7, "document": "canary-document" });
    let answer = traced(&program, refused, "/api/v1/patients?canary=canary", &patient, &[&bearer]);
    assert_eq!(answer["error"]["statusCode"], 400, "{answer}");
    let answer = traced(&program, unknown, "/canary/address", &patient, &["user-agent: canary"]);
    assert_eq!(answer["error"]["code"], "ROUTE_NOT_FOUND", "{answer}");

    let spans = receiver.spans(made, 3);
    let request = spans.iter().find(|span| span["name"] == "POST /api/v1/clinics").unwrap();
    assert_eq!(request["parentSpanId"], "00f067aa0ba902b7");
    // Further below in the tree are the consumers of what it announced.
    let of_request = |span: &&Value| span["parentSpanId"] == request["spanId"] && span["kind"] == 3;
    let flushes: Vec<_> = spans.iter().filter(of_request).collect();
    assert_eq!(flushes.len(), 2, "the limit is asked, and then the work is done");
    for (flush, begins) in flushes.iter().zip(["shared.take", "shared.settings"]) {
        assert_eq!(flush["name"], "postgres flush");
        assert!(attribute(flush, "db.query.summary").unwrap().starts_with(begins), "{flush}");
    }
    let [request] = &receiver.spans(refused, 1)[..] else { unreachable!("a refused input asks no database") };
    assert_eq!(
        (&request["name"], attribute(request, "http.response.status_code").as_deref()),
        (&"POST /api/v1/patients".into(), Some("400"))
    );
    let [request] = &receiver.spans(unknown, 1)[..] else {
        unreachable!("an unknown address asks no database")
    };
    assert_eq!(
        (&request["name"], attribute(request, "faas.name").as_deref()),
        (&"POST $default".into(), Some("fallback"))
    );
    drop(program.stop());
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the receiver has libraries for x86-64 alone")]
#[expect(clippy::disallowed_methods, reason = "no async runtime waits here")]
fn one_trace_goes_from_a_sign_up_over_outbox_and_consumers_to_its_mail() {
    let receiver = Receiver::start();
    let program = Program::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())]);
    let trace = "d".repeat(32);
    let clinic = json!({
        "clinicName": "canary-clinic", "timeZone": "UTC", "currency": "BRL", "ownerName": "canary-owner",
        "email": "canary@example.com", "password": "canary-password",
    });
    traced(&program, &trace, "/api/v1/clinics", &clinic, &[]);

    // The call, the consumer that asks for the mail, and the one that sends it, in the order of their end.
    let has_come = |name: &str| {
        receiver.all().iter().any(|span| span["name"] == name && span["traceId"] == trace.as_str())
    };
    for _ in 0..300 {
        if has_come("send-mail mail.requested") && has_come("request-email-verification clinic.created") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let spans = receiver.spans(&trace, 3);
    let parent_of = |name: &str| {
        let span = spans.iter().find(|span| span["name"] == name);
        span.unwrap_or_else(|| unreachable!("no span {name}: {spans:#?}"))["parentSpanId"].clone()
    };
    let id_of = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap()["spanId"].clone();
    let (call, asked, sent) =
        ("POST /api/v1/clinics", "request-email-verification clinic.created", "send-mail mail.requested");
    assert_eq!(parent_of(call), "00f067aa0ba902b7");
    assert_eq!(parent_of(asked), id_of(call));
    assert_eq!(parent_of(sent), id_of(asked));
    drop(program.stop());
}
