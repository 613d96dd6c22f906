use super::{balance, income, patient, record, stage};
use serde_json::json;
use shared::access::Role;
use testkit::Ask;

#[tokio::test]
async fn a_balance_is_what_was_paid_in_the_clinics_currency() {
    let (stage, tenant) = stage().await;
    let patient = patient(&stage, &tenant).await;
    let before = balance(&stage, &tenant, &patient).await;
    stage.ask(record(&tenant, &income(&patient), "k")).await;
    let after = balance(&stage, &tenant, &patient).await;
    assert_eq!((&before.data()["balanceMinor"], &before.data()["currency"]), (&json!(0), &json!("BRL")));
    assert_eq!(after.data()["balanceMinor"], 15_000);
    assert!(after.data()["asOf"].is_string());
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reader_among_writers_sees_the_sum_of_what_is_committed() {
        let (stage, tenant) = stage().await;
        let patient = patient(&stage, &tenant).await;
        let mut asks = Vec::new();
        for number in 0..30 {
            asks.push(record(&tenant, &income(&patient), &number.to_string()));
            asks.push(Ask::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner()));
        }

        let answers = stage.ask_at_once(asks).await;

        for read in answers.iter().filter(|answer| answer.status == 200) {
            let minor = read.data()["balanceMinor"].as_i64().unwrap();
            assert_eq!((minor % 15_000, (0..=450_000).contains(&minor)), (0, true), "{minor}");
        }
        assert_eq!(balance(&stage, &tenant, &patient).await.data()["balanceMinor"], 450_000);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_and_unknown_patients_are_not_found() {
        let (stage, tenant) = stage().await;
        let other = stage.tenant().await;
        let foreign = patient(&stage, &other).await;
        for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(balance(&stage, &tenant, id).await.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
    }

    #[tokio::test]
    async fn a_clinician_does_not_see_money() {
        let (stage, tenant) = stage().await;
        let patient = patient(&stage, &tenant).await;
        let ask =
            Ask::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.token(Role::Clinician));
        assert_eq!(stage.ask(ask).await.refusal(), (403, "PERMISSION_DENIED"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (stage, tenant) = stage().await;
        assert_eq!(balance(&stage, &tenant, "7").await.refusal(), (400, "INVALID_UUID"));
    }
}
