//! What is said of clinics by the command line, and what their settings are to other modules.

use crate::program::{command, run};
use crate::{CONTRACT, income, mailed_token, new_patient, sign_up};
use serde_json::json;
use std::sync::Arc;
use testkit::{TestApp, TestRequest};

fn plan(app: &TestApp, clinic: &str, plan: &str) -> (Option<i32>, String, String) {
    let url = app.database.url("postgres");
    run(command(&["clinics", "plan", clinic, plan, "--database-url", &url]))
}

#[tokio::test]
async fn a_clinic_is_put_on_a_plan_and_the_audit_log_says_so_once() {
    let app = TestApp::of(vec![identity::module()]).await;
    let (tenant, _) = (app.tenant().await, app.tenant().await);
    let clinic = tenant.clinic.to_string();
    let state = "SELECT string_agg(plan || ' ' || version, ', ' ORDER BY plan DESC) FROM identity.clinics";
    let noted =
        "SELECT string_agg(action || ' ' || subject_id || ' ' || actor_id, ', ') FROM kernel.audit_log";

    let said = |text: &str| (Some(0), text.to_owned(), String::new());
    assert_eq!(plan(&app, &clinic, "pro"), said("free before, pro now\n"));
    assert_eq!(plan(&app, &clinic, "pro"), said("pro already\n"));

    assert_eq!(app.database.value(state).await, "pro 2, free 1");
    let row = format!("clinic.plan_changed {clinic} 00000000-0000-0000-0000-000000000000");
    assert_eq!(app.database.value(noted).await, row);
    assert_eq!(plan(&app, &clinic, "free"), said("pro before, free now\n"));
}

#[tokio::test]
async fn a_clinic_or_a_plan_that_there_is_not_is_said_to_be_none() {
    let app = TestApp::of(vec![identity::module()]).await;
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let (code, printed, error) = plan(&app, nobody, "pro");
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(error.starts_with(&format!("grafono: there is no clinic {nobody}")), "{error}");
    let (code, _, error) = plan(&app, nobody, "gold");
    assert_eq!(code, Some(2));
    assert!(error.contains("possible values: free, pro"), "{error}");
    let (code, _, error) = plan(&app, "not-an-id", "pro");
    assert_eq!(code, Some(2), "{error}");
}

#[tokio::test]
async fn of_a_change_of_currency_and_first_transactions_at_once_either_all_of_them_are_made_or_the_change() {
    let app = Arc::new(TestApp::of(grafono::modules()).await.held_to(&CONTRACT));
    for round in 0..12 {
        let tenant = app.tenant().await;
        let (_, patient) = new_patient(&app, &tenant).await;
        let record = |number: usize| {
            let request = TestRequest::post("/api/v1/transactions", &income(&patient));
            request.token(tenant.owner()).key(&number.to_string())
        };
        let change = TestRequest::patch("/api/v1/clinic", &json!({ "currency": "EUR" }));
        let change = change.token(tenant.owner()).header("if-match", "\"1\"");
        let mut requests: Vec<_> = (0..4).map(record).collect();
        requests.insert(round % 5, change);

        let mut answers = app.send_at_once(requests).await;

        let changed = answers.remove(round % 5);
        let is_changed = changed.status == 200;
        if !is_changed {
            assert_eq!(changed.refusal(), (422, "CURRENCY_FIXED"), "{round}");
        }
        for recorded in &answers {
            if is_changed {
                assert_eq!(recorded.refusal(), (422, "CURRENCY_MISMATCH"), "{round}");
            } else {
                assert_eq!(recorded.status, 201, "{round} {}", recorded.text);
            }
        }
        let balance = TestRequest::get(&format!("/api/v1/patients/{patient}/balance")).token(tenant.owner());
        let balance = app.send(balance).await;
        let expected = if is_changed { (0, "EUR") } else { (4 * 15_000, "BRL") };
        assert_eq!(balance.data()["balanceMinor"], expected.0, "{round}");
        assert_eq!(balance.data()["currency"], expected.1, "{round}");
    }
}

#[tokio::test]
async fn mails_are_in_the_language_that_the_clinic_has_when_they_are_written() {
    let (app, _) = crate::app().await;
    let made = app.send(TestRequest::post("/api/v1/clinics", &sign_up("ana@example.com"))).await;
    let patch = TestRequest::patch(made.header("location").unwrap(), &json!({ "language": "en" }));
    let patch = patch.token(made.data()["accessToken"].as_str().unwrap());
    assert_eq!(app.send(patch.header("if-match", "\"1\"")).await.status, 200);

    mailed_token(&app).await;

    assert_eq!(app.mail.sent().last().unwrap().subject.as_str(), "Confirm your e-mail address");
}
