use super::{add, app};
use serde_json::json;
use shared::access::Role;
use testkit::TestRequest;

#[tokio::test]
async fn a_patient_is_made_with_its_history_event_and_audit_row() {
    let (app, tenant) = app().await;
    let body = json!({
        "fullName": "  Beatriz Lima ", "birthDate": "1990-02-28", "phone": "+5511987654321",
        "email": "bia@example.com", "document": "123.456", "notes": "line\nline",
    });

    let added = add(&app, &tenant, &body).await;

    assert_eq!(added.status, 201, "{}", added.text);
    assert_eq!(added.data()["fullName"], "Beatriz Lima", "trimmed");
    assert_eq!(added.header("etag"), Some("\"1\""));
    let id = added.data()["id"].as_str().unwrap();
    assert_eq!(added.header("location"), Some(format!("/api/v1/patients/{id}").as_str()));
    let written = app
        .database
        .rows(&format!(
            "SELECT p.full_name, p.document_key, h.version, h.state->>'fullName', h.actor_id, o.kind, o.seq, o.ids::text,
                    a.action, a.actor_id, a.subject_id
               FROM patients.patients p
               JOIN patients.patient_history h ON h.patient_id = p.id
               JOIN kernel.outbox o ON o.aggregate_id = p.id AND o.module = 'patients'
               JOIN kernel.audit_log a ON a.subject_id = p.id AND a.module = 'patients'
              WHERE p.clinic_id = '{}'",
            tenant.clinic
        ))
        .await;
    let actor = tenant.user(Role::Owner).to_string();
    let ids = format!("{{\"patientId\": \"{id}\"}}");
    let name = "Beatriz Lima";
    let expected =
        [name, "123456", "1", name, &actor, "patient.created", "1", &ids, "patient.created", &actor, id];
    assert_eq!(written, [expected.map(str::to_owned).to_vec()]);
}

#[tokio::test]
async fn a_repeated_key_makes_one_patient_and_answers_the_same_bytes() {
    let (app, tenant) = app().await;
    let request = TestRequest::post("/api/v1/patients", &json!({ "fullName": "Caio" }))
        .token(tenant.owner())
        .key("one");

    let first = app.send(request.clone()).await;
    let second = app.send(request).await;

    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    assert_eq!((second.status, second.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(first.text, second.text);
    assert_eq!(first.header("etag"), second.header("etag"));
    assert_eq!(app.database.value("SELECT count(*) FROM patients.patients").await, "1");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_twenty_creations_with_one_document_at_once_one_is_made() {
        let (app, tenant) = app().await;
        let body = |number: u32| json!({ "fullName": format!("P{number}"), "document": "12-3" });
        let requests =
            (0..20).map(|number| TestRequest::post("/api/v1/patients", &body(number)).token(tenant.owner()));

        let answers = app.send_at_once(requests.collect()).await;

        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(refused.refusal(), (409, "DUPLICATE_PATIENT"));
            assert_eq!(refused.details(), [("/document", "DUPLICATE_PATIENT")]);
        }
        for table in ["patients.patients", "patients.patient_history", "kernel.outbox", "kernel.audit_log"] {
            assert_eq!(app.database.value(&format!("SELECT count(*) FROM {table}")).await, "1", "{table}");
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn an_outbox_that_fails_rolls_everything_back() {
        let (app, tenant) = app().await;
        app.database
            .run("ALTER TABLE kernel.outbox ADD CONSTRAINT outbox_broken CHECK (false) NOT VALID")
            .await;

        let refused = app
            .send(
                TestRequest::post("/api/v1/patients", &json!({ "fullName": "D" }))
                    .token(tenant.owner())
                    .key("k"),
            )
            .await;

        assert_eq!(refused.refusal(), (500, "INTERNAL_ERROR"));
        assert!(!refused.text.contains("outbox"), "nothing of the database's own names: {}", refused.text);
        for table in
            ["patients.patients", "patients.patient_history", "kernel.audit_log", "kernel.idempotency_keys"]
        {
            assert_eq!(app.database.value(&format!("SELECT count(*) FROM {table}")).await, "0", "{table}");
        }
    }

    #[tokio::test]
    async fn a_refused_request_leaves_its_key_free() {
        let (app, tenant) = app().await;
        add(&app, &tenant, &json!({ "fullName": "A", "document": "1" })).await;
        let with = |document: &str| {
            let body = json!({ "fullName": "B", "document": document });
            TestRequest::post("/api/v1/patients", &body).token(tenant.owner()).key("k")
        };

        let refused = app.send(with("1")).await;
        let made = app.send(with("2")).await;

        assert_eq!(refused.refusal(), (409, "DUPLICATE_PATIENT"));
        assert_eq!(made.status, 201, "{}", made.text);
    }

    #[tokio::test]
    async fn the_same_document_in_another_clinic_is_another_patient() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let body = json!({ "fullName": "A", "document": "1" });
        assert_eq!(add(&app, &tenant, &body).await.status, 201);
        assert_eq!(add(&app, &other, &body).await.status, 201);
    }

    #[tokio::test]
    async fn a_role_without_the_permission_changes_nothing() {
        let (app, tenant) = app().await;
        let request = TestRequest::post("/api/v1/patients", &json!({ "fullName": "A" }))
            .token(tenant.token(Role::Accountant));
        assert_eq!(app.send(request).await.refusal(), (403, "PERMISSION_DENIED"));
        assert_eq!(app.database.value("SELECT count(*) FROM patients.patients").await, "0");
    }
}

mod boundary {
    use super::*;
    use jiff::SignedDuration;
    use shared::clock::Clock as _;

    #[tokio::test]
    async fn everything_wrong_is_said_at_once_and_no_value_is_repeated() {
        let (app, tenant) = app().await;
        let body = json!({
            "fullName": 7, "phone": "canary-phone", "email": "canary-mail", "birthDate": "1990-02-30",
            "document": "-.-", "role": "canary-role",
        });

        let refused = add(&app, &tenant, &body).await;

        assert_eq!(refused.refusal(), (400, "VALIDATION_FAILED"));
        let expected = [
            ("/birthDate", "INVALID_DATE"),
            ("/document", "INVALID_DOCUMENT"),
            ("/email", "INVALID_EMAIL"),
            ("/fullName", "INVALID_TYPE"),
            ("/phone", "INVALID_PHONE"),
            ("/role", "UNKNOWN_FIELD"),
        ];
        assert_eq!(refused.details(), expected);
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }

    #[tokio::test]
    async fn the_bounds_of_each_field_hold() {
        let (app, tenant) = app().await;
        let name = |length: usize| json!({ "fullName": "é".repeat(length) });
        let with = |field: &str, value: &str| json!({ "fullName": "A", field: value });
        let cases = [
            (name(255), None),
            (name(256), Some("TOO_LONG")),
            (json!({ "fullName": "   " }), Some("TOO_SHORT")),
            (json!({}), Some("REQUIRED")),
            (json!({ "fullName": null }), Some("INVALID_TYPE")),
            (json!({ "fullName": "a\u{0}b" }), Some("INVALID_CHARACTERS")),
            (with("birthDate", "1900-01-01"), None),
            (with("birthDate", "1899-12-31"), Some("BIRTH_DATE_TOO_EARLY")),
            (with("birthDate", "2024-02-29"), None),
            (with("birthDate", "2023-02-29"), Some("INVALID_DATE")),
            (with("email", "a@<script>alert(1)</script>[1.1.1.1]"), Some("INVALID_EMAIL")),
            (with("email", ".a@example.com"), Some("INVALID_EMAIL")),
            (with("email", "a@[1.1.1.1]"), Some("INVALID_EMAIL")),
            (with("email", "ana@xn--zzzzzzzzz99999.com"), Some("INVALID_EMAIL")),
            (with("phone", "+123456"), Some("INVALID_PHONE")),
            (with("phone", "+1234567"), None),
            (with("notes", ""), Some("TOO_SHORT")),
            (with("notes", &"n".repeat(5000)), None),
            (with("notes", &"n".repeat(5001)), Some("TOO_LONG")),
        ];
        for (body, expected) in cases {
            let answer = add(&app, &tenant, &body).await;
            match expected {
                None => assert_eq!(answer.status, 201, "{body} {}", answer.text),
                Some(code) => assert_eq!(answer.refusal(), (400, code), "{body}"),
            }
        }
    }

    #[tokio::test]
    async fn a_birth_date_may_be_today_anywhere_and_no_later() {
        let (app, tenant) = app().await;
        let first_zone = app.clock.now() + SignedDuration::from_hours(14);
        let today = first_zone.to_string()[..10].to_owned();
        let tomorrow = (first_zone + SignedDuration::from_hours(24)).to_string()[..10].to_owned();
        let born = |date: &str| json!({ "fullName": "A", "birthDate": date });
        assert_eq!(add(&app, &tenant, &born(&today)).await.status, 201);
        let refused = add(&app, &tenant, &born(&tomorrow)).await;
        assert_eq!(refused.refusal(), (400, "BIRTH_DATE_IN_FUTURE"));
    }

    #[tokio::test]
    async fn a_birth_date_in_the_future_is_told_beside_everything_else() {
        let (app, tenant) = app().await;
        let wrong = json!({ "fullName": 7, "birthDate": "2999-01-01", "phone": "1", "email": "x" });
        let refused = add(&app, &tenant, &wrong).await;
        assert_eq!(
            refused.details(),
            [
                ("/birthDate", "BIRTH_DATE_IN_FUTURE"),
                ("/email", "INVALID_EMAIL"),
                ("/fullName", "INVALID_TYPE"),
                ("/phone", "INVALID_PHONE"),
            ]
        );
    }
}
