use super::{app, balance, income, patient, record};
use serde_json::json;
use shared::access::Role;
use testkit::TestRequest;

#[tokio::test]
async fn a_balance_is_what_was_paid_in_the_clinics_currency() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let before = balance(&app, &tenant, &patient).await;
    app.send(record(&tenant, &income(&patient), "k")).await;
    let after = balance(&app, &tenant, &patient).await;
    assert_eq!((&before.data()["balanceMinor"], &before.data()["currency"]), (&json!(0), &json!("BRL")));
    assert_eq!(after.data()["balanceMinor"], 15_000);
    assert!(after.data()["asOf"].is_string());
}

#[tokio::test]
async fn each_patient_has_a_balance_of_its_own_and_who_paid_nothing_has_none() {
    let (app, tenant) = app().await;
    let mut patients = Vec::new();
    for amount in [0, 700, 11, 3_000] {
        let patient = patient(&app, &tenant).await;
        for number in 0..amount.min(2) {
            let mut body = income(&patient);
            body["amountMinor"] = json!(amount + number);
            assert_eq!(app.send(record(&tenant, &body, &format!("{amount} {number}"))).await.status, 201);
        }
        patients.push((patient, if amount == 0 { 0 } else { 2 * amount + 1 }));
    }
    for (patient, expected) in patients {
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], expected);
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reader_among_writers_sees_the_sum_of_what_is_committed() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let mut requests = Vec::new();
        for number in 0..30 {
            requests.push(record(&tenant, &income(&patient), &number.to_string()));
            requests
                .push(TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner()));
        }

        let answers = app.send_at_once(requests).await;

        for read in answers.iter().filter(|answer| answer.status == 200) {
            let minor = read.data()["balanceMinor"].as_i64().unwrap();
            assert_eq!((minor % 15_000, (0..=450_000).contains(&minor)), (0, true), "{minor}");
        }
        assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 450_000);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_and_unknown_patients_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let foreign = patient(&app, &other).await;
        for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(balance(&app, &tenant, id).await.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
    }

    #[tokio::test]
    async fn a_clinician_does_not_see_money() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let request = TestRequest::get(&format!("/api/v1/patients/{patient}/balance"))
            .token(tenant.token(Role::Clinician));
        assert_eq!(app.send(request).await.refusal(), (403, "PERMISSION_DENIED"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        assert_eq!(balance(&app, &tenant, "7").await.refusal(), (400, "INVALID_UUID"));
    }
}
