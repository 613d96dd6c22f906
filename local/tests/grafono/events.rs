//! What happens after a change, in the whole program: an export from the request to its file, whatever happens between.

use crate::program::{Program, new_folder, remove_folder};
use crate::{income, sign_up};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Receiver, assert_none_in, attribute};

const JSON: &str = "content-type: application/json";

/// A signed-in clinic with one patient, who has paid once.
pub(crate) struct Clinic<'a> {
    program: &'a Program,
    bearer: String,
    patient: String,
}

impl Clinic<'_> {
    pub(crate) fn open(program: &Program) -> Clinic<'_> {
        let body = sign_up("canary.export@example.com").to_string();
        let made = program.curl(&["-d", &body, "-H", JSON], "/api/v1/clinics");
        let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
        let verify = "UPDATE identity.accounts SET email_verified_at = created_at WHERE email_key LIKE 'canary%' RETURNING 1";
        assert!(program.sql(verify).is_some());
        let clinic = Clinic { program, bearer, patient: String::new() };
        let patient = json!({ "fullName": "Canary Beatriz", "notes": "canary words" });
        let added = clinic.send("/api/v1/patients", &patient, "x: y");
        let clinic = Clinic { patient: added["data"]["id"].as_str().unwrap().to_owned(), ..clinic };
        let paid = clinic.send("/api/v1/transactions", &income(&clinic.patient), "idempotency-key: paid");
        assert_eq!(paid["success"], true, "{paid}");
        clinic
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.program.curl(&["-H", &self.bearer], path)
    }

    fn send(&self, path: &str, body: &Value, header: &str) -> Value {
        let body = body.to_string();
        self.program.curl(&["-d", &body, "-H", JSON, "-H", &self.bearer, "-H", header], path)
    }

    /// Asks for an export of the patient: where its job is.
    pub(crate) fn export(&self) -> String {
        self.export_with("x: y")
    }

    fn export_with(&self, header: &str) -> String {
        let path = format!("/api/v1/patients/{}/export", self.patient);
        let reply = self.program.curl(&["-X", "POST", "-H", &self.bearer, "-H", header], &path);
        assert_eq!(reply["data"]["state"], "queued", "{reply}");
        format!("/api/v1/jobs/{}", reply["data"]["id"].as_str().unwrap())
    }

    /// Waits until the job has succeeded, and fetches what it made.
    fn result(&self, job: &str) -> Value {
        until("the export", || self.get(job)["data"]["state"] == "succeeded");
        let result = self.get(job)["data"]["result"].as_str().unwrap().to_owned();
        self.get(&result)["data"].clone()
    }
}

/// Waits for something that happens by itself; fails the test after half a minute. It does not look more often because
/// nobody reads the program's log meanwhile, and the pipe is not endless.
#[expect(clippy::disallowed_methods, reason = "the test's own thread waits between two looks")]
pub(crate) fn until(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..120 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    unreachable!("{what} never came");
}

#[test]
fn an_export_is_queued_made_and_fetched() {
    let program = Program::start(&[]);
    let clinic = Clinic::open(&program);
    let job = clinic.export();
    let made = clinic.result(&job);
    assert_eq!(made["patients"]["patient"]["fullName"], "Canary Beatriz");
    assert_eq!(made["billing"]["balance"]["balanceMinor"], 15_000);
    let shown = clinic.get(&job);
    assert_eq!((&shown["data"]["done"], &shown["data"]["total"]), (&json!(2), &json!(2)));

    // Too large for a reply, it is a file behind a link.
    program.sql("UPDATE kernel.job_parts SET content = to_jsonb(repeat('a', 600000))");
    let path = format!("{job}/result");
    let status = ["-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", &clinic.bearer];
    let led = program.curl_text(&status, &path);
    assert!(led.starts_with("303 http://127.0.0.1:") && led.contains("/local/files/results/"), "{led}");
    let file = program.curl(&["-L", "-H", &clinic.bearer], &path);
    assert_eq!(file["patients"].as_str().unwrap().len(), 600_000);
    assert_eq!(file["billing"].as_str().unwrap().len(), 600_000);
}

#[test]
fn an_export_asked_for_just_before_the_program_was_killed_is_made_by_the_next_start() {
    let data = new_folder();
    let killed = Program::start_again_on(&data);
    let clinic = Clinic::open(&killed);
    let bearer = clinic.bearer.clone();
    // The consumers wait for this, so that the export is still to be made when the program ends.
    let holder = killed.hold("LOCK TABLE kernel.job_parts IN SHARE MODE");
    let (job, patient) = (clinic.export(), clinic.patient.clone());
    let unsent =
        "SELECT count(*) FROM kernel.outbox WHERE kind = 'patient.export_requested' AND sent_at IS NULL";
    assert_eq!(killed.sql(unsent).unwrap(), "1");
    killed.signal("KILL");
    assert_eq!(killed.wait().1, None);
    drop(holder);

    let next = Program::start_again_on(&data);
    // What the killed one had on lease would be taken up when that runs out; nobody waits half a minute here.
    next.sql("UPDATE kernel.outbox SET available_at = now() WHERE sent_at IS NULL");
    let clinic = Clinic { program: &next, bearer, patient };
    assert_eq!(clinic.result(&job)["patients"]["patient"]["id"], clinic.patient.as_str());
    assert_eq!(next.sql("SELECT count(*) FROM kernel.job_parts").unwrap(), "2");
    drop(next.stop());
    remove_folder(data);
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "the receiver has libraries for x86-64 alone")]
fn a_change_its_event_and_its_consumers_are_one_trace_and_nothing_personal_is_in_it() {
    let receiver = Receiver::start();
    let program = Program::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())]);
    let clinic = Clinic::open(&program);
    let trace = "e".repeat(32);
    let job = clinic.export_with(&format!("traceparent: 00-{trace}-00f067aa0ba902b7-01"));
    clinic.result(&job);

    // The request, what each of the two consumers did, and for each of the three a flush of the database. A consumer that met
    // the other one at the job has a second try, so that their number says nothing.
    let took = |spans: &[Value], consumer: &str| {
        let is_its = |span: &&Value| span["name"].as_str().unwrap().starts_with(consumer);
        spans
            .iter()
            .find(is_its)
            .is_some_and(|taken| spans.iter().any(|span| span["parentSpanId"] == taken["spanId"]))
    };
    let are_all = |spans: &[Value]| {
        ["POST", "export-patient-record", "export-patient-ledger"].iter().all(|name| took(spans, name))
    };
    let spans = receiver.spans_once(&trace, are_all);
    let named = |name: &str| {
        let found: Vec<&Value> =
            spans.iter().filter(|span| span["name"].as_str().unwrap().starts_with(name)).collect();
        assert!(!found.is_empty(), "{name}: {spans:#?}");
        found
    };
    let request = named("POST /api/v1/patients/{id}/export")[0];
    let outbox = "SELECT traceparent FROM kernel.outbox WHERE kind = 'patient.export_requested'";
    let expected = format!("00-{trace}-{}-01", request["spanId"].as_str().unwrap());
    assert_eq!(program.sql(outbox).unwrap(), expected);
    for consumer in ["export-patient-record", "export-patient-ledger"] {
        let taken = named(consumer)[0];
        assert_eq!(taken["parentSpanId"], request["spanId"]);
        assert_eq!(attribute(taken, "messaging.message.kind").unwrap(), "patient.export_requested");
        let is_its = |span: &&&Value| span["parentSpanId"] == taken["spanId"];
        assert_eq!(named("postgres flush").iter().filter(is_its).count(), 1, "{consumer}: {spans:#?}");
    }
    let rows = program.sql("SELECT string_agg(o::text, ' ') FROM kernel.outbox AS o").unwrap();
    assert_none_in("the outbox", &rows);
}
