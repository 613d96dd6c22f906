use super::{PASSWORD, app, join, log_in, sign_up};
use serde_json::json;
use testkit::TestRequest;

#[tokio::test]
async fn the_right_password_signs_in_whatever_the_case_of_the_address() {
    let app = app().await;
    let made = app.send(sign_up("ana@example.com")).await;

    let session = app.send(log_in("ANA@example.com", PASSWORD)).await;

    assert_eq!(session.status, 200, "{}", session.text);
    assert_eq!(session.data()["user"], made.data()["user"]);
    let token = session.data()["accessToken"].as_str().unwrap();
    assert_eq!(app.send(TestRequest::get("/api/v1/me").token(token)).await.status, 200);
}

#[tokio::test]
async fn of_several_clinics_one_is_chosen() {
    let app = app().await;
    app.send(sign_up("ana@example.com")).await;
    let other = app.send(sign_up("bia@example.com")).await;
    join(&app, "ana@example.com", "bia@example.com").await;
    let clinic = other.data()["clinic"]["id"].as_str().unwrap();
    let choosing = |clinic: &str| {
        let body = json!({ "email": "ana@example.com", "password": PASSWORD, "clinicId": clinic });
        TestRequest::post("/api/v1/auth/login", &body)
    };

    let asked = app.send(log_in("ana@example.com", PASSWORD)).await;
    let chosen = app.send(choosing(clinic)).await;
    let foreign = app.send(choosing("01890a5d-ac96-774b-bcce-b302099a8057")).await;

    assert_eq!(asked.refusal(), (409, "CLINIC_REQUIRED"));
    let choices = asked.json["clinics"].as_array().unwrap();
    assert_eq!(choices.len(), 2);
    assert!(choices.iter().any(|choice| choice["id"] == clinic && choice["name"] == "Clínica Aurora"));
    assert_eq!(chosen.data()["user"]["role"], "clinician");
    assert_eq!(foreign.refusal(), (404, "CLINIC_NOT_FOUND"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn five_wrong_tries_at_once_are_five_checks_and_open_nothing() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let before = app.hasher.calls();

        let answers =
            app.send_at_once((0..5).map(|_| log_in("ana@example.com", "not my password")).collect()).await;

        assert!(answers.iter().all(|answer| answer.refusal() == (401, "INVALID_CREDENTIALS")));
        assert_eq!(app.hasher.calls() - before, 5);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn an_unknown_address_costs_and_answers_the_same_as_a_wrong_password() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let mut replies = Vec::new();
        for email in ["ana@example.com", "nobody@example.com", "not an address"] {
            let before = app.hasher.calls();
            let mut refused = app.send(log_in(email, "not my password")).await;
            assert_eq!(refused.refusal(), (401, "INVALID_CREDENTIALS"));
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
            assert_eq!(app.hasher.calls() - before, 1, "{email}");
            refused.json["meta"]["requestId"] = json!(null);
            replies.push(refused.json);
        }
        assert!(replies.iter().all(|reply| *reply == replies[0]));
    }

    #[tokio::test]
    async fn a_disabled_membership_opens_nothing() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
        let refused = app.send(log_in("ana@example.com", PASSWORD)).await;
        assert_eq!(refused.refusal(), (403, "NO_ACTIVE_MEMBERSHIP"));
    }

    #[tokio::test]
    async fn the_role_of_the_module_sees_no_membership_without_a_clinic_or_an_account() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        for table in ["identity.clinics", "identity.memberships", "identity.published_clinics"] {
            let role = if table.ends_with("published_clinics") { "patients" } else { "identity" };
            let rows = app.database.run_as(role, &format!("SELECT count(*) FROM {table}")).await;
            assert_eq!(rows.unwrap(), [vec!["0".to_owned()]], "{table}");
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn passwords_are_1_to_1024_characters_without_nul() {
        let app = app().await;
        let cases = [
            ("p".to_owned(), (401, "INVALID_CREDENTIALS")),
            ("p".repeat(1024), (401, "INVALID_CREDENTIALS")),
            (String::new(), (400, "TOO_SHORT")),
            ("p".repeat(1025), (400, "TOO_LONG")),
            ("p\u{0}".to_owned(), (400, "INVALID_CHARACTERS")),
        ];
        for (password, expected) in cases {
            let refused = app.send(log_in("ana@example.com", &password)).await;
            assert_eq!(refused.refusal(), expected, "{} characters", password.len());
        }
    }

    #[tokio::test]
    async fn a_password_is_the_same_on_every_keyboard() {
        let app = app().await;
        let mut body = crate::new_clinic("ana@example.com");
        body["password"] = json!("cora\u{E7}\u{E3}o de m\u{E3}e");
        assert_eq!(app.send(TestRequest::post("/api/v1/clinics", &body)).await.status, 201);
        for same in ["corac\u{327}a\u{303}o de ma\u{303}e", "cora\u{E7}\u{E3}o\u{A0}de\u{3000}m\u{E3}e"] {
            assert_eq!(app.send(log_in("ana@example.com", same)).await.status, 200, "{same:?}");
        }
        for other in ["coracao de mae", "Cora\u{E7}\u{E3}o de m\u{E3}e", "cora\u{E7}\u{E3}o de m\u{E3}e "] {
            assert_eq!(app.send(log_in("ana@example.com", other)).await.status, 401, "{other:?}");
        }
    }
}

/// What the audit log knows of signing in.
mod audit {
    use super::*;

    const ROWS: &str = "SELECT action, clinic_id, actor_id, host(client_address)
                          FROM kernel.audit_log WHERE action LIKE 'session.%' ORDER BY clinic_id, id";
    const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

    fn row(action: &str, clinic: &str, actor: &str) -> Vec<String> {
        [action, clinic, actor, "192.0.2.1"].map(str::to_owned).to_vec()
    }

    #[tokio::test]
    async fn a_sign_in_is_told_in_the_clinic_it_leads_to() {
        let app = app().await;
        let made = app.send(sign_up("ana@example.com")).await;
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
        let clinic = made.data()["clinic"]["id"].as_str().unwrap();
        let user = made.data()["user"]["id"].as_str().unwrap();
        assert_eq!(app.database.rows(ROWS).await, [row("session.started", clinic, user)]);
    }

    #[tokio::test]
    async fn a_wrong_password_is_told_in_every_clinic_of_the_account_and_in_no_other() {
        let app = app().await;
        let own = app.send(sign_up("ana@example.com")).await;
        let other = app.send(sign_up("bia@example.com")).await;
        app.send(sign_up("caio@example.com")).await;
        join(&app, "ana@example.com", "bia@example.com").await;
        assert_eq!(app.send(log_in("ana@example.com", "not my password")).await.status, 401);
        let mut expected = [own, other].map(|answer| {
            let clinic = answer.data()["clinic"]["id"].as_str().unwrap().to_owned();
            row("session.refused", &clinic, NOBODY)
        });
        expected.sort();
        assert_eq!(app.database.rows(ROWS).await, expected);
    }

    #[tokio::test]
    async fn where_a_clinic_is_still_to_be_chosen_and_of_an_unknown_address_nothing_is_told() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        join(&app, "ana@example.com", "bia@example.com").await;
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.refusal(), (409, "CLINIC_REQUIRED"));
        assert_eq!(app.send(log_in("nobody@example.com", PASSWORD)).await.status, 401);
        assert!(app.database.rows(ROWS).await.is_empty());
    }

    #[tokio::test]
    async fn many_wrong_tries_at_once_are_as_many_rows() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.send_at_once((0..8).map(|_| log_in("ana@example.com", "not my password")).collect()).await;
        let rows = app.database.rows(ROWS).await;
        assert_eq!((rows.len(), rows[0][0].as_str()), (8, "session.refused"));
    }

    #[tokio::test]
    async fn an_account_is_told_of_in_its_own_clinics_alone_and_of_signing_in_alone() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let of = |column: &str| format!("SELECT {column} FROM identity.memberships");
        let account = app.database.value(&of("account_id")).await;
        let clinic = app.database.value(&of("clinic_id")).await;
        let tell = |action: &str, clinic: &str| {
            format!(
                "WITH own AS MATERIALIZED (SELECT set_config('app.account_id', '{account}', false))
                 INSERT INTO kernel.audit_log
                        (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
                 SELECT '01890a5d-ac96-774b-bcce-b302099a8057', '{clinic}', '{account}', '{action}', 'account',
                        '{account}', '', now() FROM own RETURNING 1"
            )
        };
        let foreign = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (action, clinic) in [("session.refused", foreign), ("account.email_verified", clinic.as_str())] {
            let told = app.database.run_as("identity", &tell(action, clinic)).await;
            assert_eq!(told.unwrap_err(), "42501", "{action}");
        }
        app.database.run_as("identity", &tell("session.refused", &clinic)).await.unwrap();
    }
}
