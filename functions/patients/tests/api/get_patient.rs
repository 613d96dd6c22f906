use super::{add, address_of_new, app};
use serde_json::json;
use shared::access::Role;
use testkit::TestRequest;

#[tokio::test]
async fn a_patient_is_read_with_its_version_and_once_known_not_sent_again() {
    let (app, tenant) = app().await;
    let address = address_of_new(&app, &tenant, "Beatriz").await;
    let request = TestRequest::get(&address).token(tenant.owner());

    let read = app.send(request.clone()).await;
    let known = app.send(request.clone().header("if-none-match", "W/\"9\", \"1\"")).await;
    let older = app.send(request.header("if-none-match", "\"2\"")).await;

    assert_eq!((read.status, read.header("etag")), (200, Some("\"1\"")));
    assert_eq!(read.data()["fullName"], "Beatriz");
    assert_eq!(read.header("cache-control"), Some("no-store"));
    assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", Some("\"1\"")));
    assert_eq!(older.status, 200);
}

#[tokio::test]
async fn who_read_whom_is_in_the_audit_log_once_the_reply_is_out() {
    let (app, tenant) = app().await;
    let address = address_of_new(&app, &tenant, "Beatriz").await;
    let (clerk, id) = (tenant.user(Role::FrontDesk).to_string(), address.rsplit_once('/').unwrap().1);

    let read = app.send(TestRequest::get(&address).token(tenant.token(Role::FrontDesk))).await;
    let unknown = "/api/v1/patients/01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(app.send(TestRequest::get(unknown).token(tenant.owner())).await.status, 404);

    let rows = "SELECT actor_id, subject, subject_id, about, request_id FROM kernel.audit_log WHERE action = 'patient.read'";
    let expected = [clerk.as_str(), "patient", id, id, read.header("x-request-id").unwrap()];
    assert_eq!(app.database.rows(rows).await, [expected.map(str::to_owned).to_vec()]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_log_that_cannot_be_written_costs_no_reader_the_reply() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "Beatriz").await;
        app.database.run("REVOKE INSERT ON kernel.audit_log FROM modules").await;
        let answers = (0..4).map(|_| TestRequest::get(&address).token(tenant.owner()));
        let answers = app.send_at_once(answers.collect()).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    }

    #[tokio::test]
    async fn a_reader_among_writers_never_sees_a_mixed_version() {
        let (app, tenant) = app().await;
        let body = json!({ "fullName": "v1", "notes": "v1" });
        let address = add(&app, &tenant, &body).await.header("location").unwrap().to_owned();
        let mut requests = Vec::new();
        for version in 1..=20 {
            let name = format!("v{}", version + 1);
            let patch = json!({ "fullName": name, "notes": name });
            requests.push(
                TestRequest::patch(&address, &patch)
                    .token(tenant.owner())
                    .header("if-match", &format!("\"{version}\"")),
            );
            requests.push(TestRequest::get(&address).token(tenant.owner()));
        }

        let answers = app.send_at_once(requests).await;

        let read = answers.iter().filter(|answer| answer.status == 200);
        let mut count = 0;
        for answer in read {
            let data = answer.data();
            assert_eq!(data["fullName"], data["notes"]);
            assert_eq!(data["fullName"], format!("v{}", data["version"]));
            count += 1;
        }
        assert!(count >= 21, "every read and at least the first write: {count}");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn archived_unknown_and_another_clinics_patients_answer_alike() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let archived = address_of_new(&app, &tenant, "A").await;
        let foreign = address_of_new(&app, &other, "B").await;
        app.database.run("UPDATE patients.patients SET deleted_at = now() WHERE full_name = 'A'").await;
        let unknown = "/api/v1/patients/01890a5d-ac96-774b-bcce-b302099a8057".to_owned();

        let mut replies = Vec::new();
        for address in [archived, foreign, unknown] {
            let mut answer = app.send(TestRequest::get(&address).token(tenant.owner())).await;
            assert_eq!(answer.refusal(), (404, "PATIENT_NOT_FOUND"));
            answer.json["meta"]["requestId"] = json!(null);
            answer.json["instance"] = json!(null);
            replies.push(answer.json);
        }

        assert!(replies.iter().all(|reply| *reply == replies[0]));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400_and_an_unknown_parameter_too() {
        let (app, tenant) = app().await;
        for address in ["/api/v1/patients/7", "/api/v1/patients/01890a5d", "/api/v1/patients/%00"] {
            let refused = app.send(TestRequest::get(address).token(tenant.owner())).await;
            assert_eq!(refused.status, 400, "{address} {}", refused.text);
        }
        let address = address_of_new(&app, &tenant, "A").await;
        let refused =
            app.send(TestRequest::get(&format!("{address}?expand=all")).token(tenant.owner())).await;
        assert_eq!(refused.refusal(), (400, "UNKNOWN_PARAMETER"));
    }
}
