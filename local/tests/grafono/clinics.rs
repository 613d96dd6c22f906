//! What is said of clinics by the command line.

use crate::program::{command, run};
use testkit::TestApp;

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
