use super::{app, income, patient, record};
use serde_json::json;
use testkit::TestRequest;

#[tokio::test]
async fn a_transaction_is_read_as_it_was_recorded() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let mut body = income(&patient);
    body["description"] = json!("March");
    let recorded = app.send(record(&tenant, &body, "k")).await;

    let read = app.send(TestRequest::get(recorded.header("location").unwrap()).token(tenant.owner())).await;

    let data = read.data();
    for (field, value) in recorded.data().as_object().unwrap() {
        assert_eq!(&data[field], value, "{field}");
    }
    assert_eq!((&data["method"], &data["description"]), (&json!("pix"), &json!("March")));
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_and_unknown_transactions_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let patient = patient(&app, &other).await;
        let recorded = app.send(record(&other, &income(&patient), "k")).await;
        let foreign = recorded.header("location").unwrap();
        for address in [foreign, "/api/v1/transactions/01890a5d-ac96-774b-bcce-b302099a8057"] {
            let refused = app.send(TestRequest::get(address).token(tenant.owner())).await;
            assert_eq!(refused.refusal(), (404, "TRANSACTION_NOT_FOUND"));
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let (app, tenant) = app().await;
        let refused = app.send(TestRequest::get("/api/v1/transactions/x").token(tenant.owner())).await;
        assert_eq!(
            (refused.refusal(), refused.details()),
            ((400, "INVALID_UUID"), vec![("/id", "INVALID_UUID")])
        );
    }
}
